"""How many check-ins a second, how long each takes, how near that is to the database's limit."""

from collections.abc import Iterator
from itertools import chain, repeat
from statistics import median

from bench import raw
from bench.load import Figures, Load
from bench.people import RISK, TRIVIAL, in_turn, put
from bench.stand import Stand
from engine.seal import EVERY
from tests.cast import CALM

_ROUNDS = 3
_STEADY = 230.0
_SHORT, _LONG = 30, 3_650
Line = tuple[str, str]


def generator(port: int, seconds: float) -> Iterator[Line]:
    """What the load generator itself takes of a core, at the most that it was ever answered."""
    with Load(port) as load:
        found = load.run(repeat(TRIVIAL), seconds=seconds)
    yield (
        "trivial route",
        f"{found.rate:,.0f}/s, generator {found.cpu / found.seconds:.0%} of a core",
    )


def calm(stand: Stand, port: int, seconds: float) -> Iterator[Line]:
    """Saturated, in turns with the same rows written raw."""
    runs, raws = [], []
    with Load(port) as load:
        _warm(stand, load)
        for _ in range(_ROUNDS):
            runs.append(_recorded(load.run(in_turn(stand, CALM), seconds=seconds)))
            raws.append(raw.rate(stand.raw_url, seconds))
    share = median(run.rate / most for run, most in zip(runs, raws, strict=True))
    yield "calm PUT", f"{_said(runs)}; {share:.2f} of raw ({median(raws):,.0f}/s)"


def auditing(stand: Stand, seconds: float) -> Iterator[Line]:
    """Calm ones, saturated, in turns with an application that leaves no audit trail.

    A turn is counted once it has lasted for as long as the engine lets events wait: as many are
    then sealed within the count as are written.
    """
    lead = EVERY.total_seconds()
    turn = max(seconds, 2 * lead)
    runs: dict[str, list[Figures]] = {"bench.unaudited:app": [], "wsgi:app": []}
    # Each is first as often as the other: a database fills and a machine warms up meanwhile.
    for app in (*runs, *reversed(runs)) * 5:
        with stand.served(app) as port, Load(port) as load:
            _warm(stand, load)
            _recorded(load.run(in_turn(stand, CALM), seconds=lead))
            runs[app].append(_recorded(load.run(in_turn(stand, CALM), seconds=turn)))
            # Nobody else would seal what one of them leaves.
            stand.wait_until_sealed()
    shares = [ours.rate / bare.rate for bare, ours in zip(*runs.values(), strict=True)]
    yield (
        "calm PUT with its audit trail, written and sealed",
        f"{median(shares):.2f} of that without ({min(shares):.2f} to {max(shares):.2f} "
        f"in {len(shares)} turns of {turn:.0f} s)",
    )


def risk(stand: Stand, port: int, name: str) -> Iterator[Line]:
    """Each patient once, which opens an alert; then once more, which joins it."""
    with Load(port) as load:
        _warm(stand, load)
        everyone = len(stand.phones)
        calms: list[Figures] = []
        opens: list[Figures] = []
        joins: list[Figures] = []
        for _ in range(_ROUNDS):
            stand.resolve_alerts()
            # As many calm ones in the same minute: the ratio is what an alert costs.
            for runs, answers in ((calms, CALM), (opens, RISK), (joins, RISK)):
                sent = in_turn(stand, answers)
                runs.append(_recorded(load.run(sent, seconds=60, count=everyone)))
    stand.resolve_alerts()
    for what, runs in (("opens an alert", opens), ("joins it", joins)):
        share = median(run.rate / calm.rate for run, calm in zip(runs, calms, strict=True))
        yield f"risk PUT, {what}, {name}", f"{_said(runs)}; {share:.2f} of calm"


def steady(stand: Stand, port: int, seconds: float) -> Iterator[Line]:
    """At the rate of twenty million a day, by the clock."""
    with Load(port) as load:
        _warm(stand, load)
        run = _recorded(load.run(in_turn(stand, CALM), seconds=seconds * 3, rate=_STEADY))
    yield f"steady {_STEADY:.0f}/s", _said([run])


def flat(stand: Stand, port: int) -> Iterator[Line]:
    """One check-in at a time, of a patient with a short diary and of one with a long one."""
    short, long = stand.phones[:2]
    for phone, days in ((short, _SHORT), (long, _LONG)):
        assert phone.patient_id is not None
        raw.fill(stand.raw_url, phone.patient_id, days)
    with Load(port, connections=1) as load:
        _warm(stand, load)
        runs: dict[str, list[Figures]] = {"short": [], "long": []}
        lines = {"short": put(stand.token(short), CALM), "long": put(stand.token(long), CALM)}
        for name in chain.from_iterable(repeat(("short", "long"), 10)):
            runs[name].append(_recorded(load.run(lines[name], seconds=30, count=40)))
    middle = {name: median(run.at(50) for run in runs[name]) for name in runs}
    ratio = median(b.at(50) / a.at(50) for a, b in zip(runs["short"], runs["long"], strict=True))
    yield (
        f"diary of {_LONG:,} against {_SHORT}",
        f"{ratio:.2f} (p50 {middle['long']:.1f} against {middle['short']:.1f} ms)",
    )


def _warm(stand: Stand, load: Load) -> None:
    """Every process has then met every shape of request a few times."""
    requests = in_turn(stand, CALM)
    load.run(requests, seconds=30, count=400)


def _recorded(run: Figures) -> Figures:
    if set(run.statuses) != {201}:
        raise RuntimeError(f"not every check-in was recorded: {dict(run.statuses)}")
    return run


def _said(runs: list[Figures]) -> str:
    rate, p50, p99 = (
        median(values)
        for values in zip(*((run.rate, run.at(50), run.at(99)) for run in runs), strict=True)
    )
    return f"{rate:,.0f}/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms"
