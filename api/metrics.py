"""`GET /metrics`: figures for the operator's monitoring, under a token of its own.

What holds for the installation is read from the database, and what an engine measured of itself
from its row: so every process of the API shows the same, whichever is asked. No clinic and no
person can be told from it. It belongs to the operator and is not part of the API's description.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from hmac import compare_digest
from itertools import accumulate
from typing import Any, Final

from flask import Flask, Response, request
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeHistogramMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from api.auth import front
from diary.callers import WATCH
from diary.errors import NotFound, Unauthenticated
from diary.watch import figures
from diary.watch.figures import Counts, Figures
from diary.watch.meters import BOUNDS, Histogram

PATH: Final = "/metrics"
# Alerts are acknowledged in any process of the API: how soon is read from their rows.
_WINDOW = timedelta(days=1)


def install(app: Flask) -> None:
    """Serve the metrics to whoever has the operator's token; without one there is no such path."""

    @app.get(PATH)
    def metrics() -> Response:
        house = front().house
        token = house.settings.metrics_token
        if token is None:
            raise NotFound
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        right = compare_digest(given.encode(), token.get_secret_value().encode())
        if scheme.lower() != "bearer" or not right:
            raise Unauthenticated
        with house.work(WATCH, write=False) as work:
            seen = figures.read(work)
            counted = figures.count(work, since=work.now - _WINDOW)
        registry = CollectorRegistry()
        registry.register(_Shown(seen, counted))
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


class _Shown(Collector):
    """One scrape."""

    def __init__(self, seen: Figures, counted: Counts) -> None:
        self._seen = seen
        self._counted = counted

    def describe(self) -> Sequence[Metric]:
        """Nothing ahead: a registry lives for one scrape."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Everything."""
        yield from self._of_the_installation()
        yield from self._of_each_engine()

    def _of_the_installation(self) -> Iterator[Metric]:
        seen, counted = self._seen, self._counted
        yield _gauge("alerts_overdue", "Alerts whose next action is late.", seen.overdue_alerts)
        yield _gauge(
            "pages_overdue", "Pages that are late and that nothing is sending.", seen.overdue_pages
        )
        yield _gauge(
            "silences_overdue",
            "Silences after a risk answer that are to be judged and late.",
            seen.overdue_silences,
        )
        yield _gauge(
            "alerts_exhausted",
            "High and critical alerts that nobody answers, with their policy used up.",
            seen.exhausted,
        )
        yield _gauge("engines_alive", "Engines that work now.", len(seen.engines))
        arrived, oldest = seen.canary_arrived_at, counted.oldest_page_owed_at
        if arrived is not None:
            age = (seen.now - arrived).total_seconds()
            yield _gauge("canary_age_seconds", "Since the last canary arrived.", age)
        age = 0.0 if oldest is None else (seen.now - oldest).total_seconds()
        yield _gauge("oldest_page_age_seconds", "Of the pages that wait; 0 if none does.", age)
        open_alerts = GaugeMetricFamily(
            "interlude_alerts_open", "Alerts not resolved.", labels=["severity", "status"]
        )
        for severity, status, number in counted.open_alerts:
            open_alerts.add_metric([severity.word, status], number)
        yield open_alerts
        waiting = GaugeMetricFamily(
            "interlude_deliveries", "Deliveries not settled.", labels=["state"]
        )
        for state, number in counted.deliveries:
            waiting.add_metric([state], number)
        yield waiting
        answered = Histogram()
        for seconds in counted.acknowledged_after:
            answered.observe(seconds)
        yield GaugeHistogramMetricFamily(
            "interlude_acknowledged_after_seconds",
            "From an alert to its first acknowledgement, of the alerts of the last 24 hours.",
            buckets=_buckets(answered.counts),
            gsum_value=answered.seconds,
        )

    def _of_each_engine(self) -> Iterator[Metric]:
        labels = ["engine"]
        first = HistogramMetricFamily(
            "interlude_page_first_attempt_seconds",
            "From the moment a page is owed to its first attempt.",
            labels=labels,
        )
        taken = HistogramMetricFamily(
            "interlude_attempt_seconds", "Of attempts that ended with a 2xx.", labels=labels
        )
        steals = CounterMetricFamily(
            "interlude_lease_steals", "Leases taken back from engines that are gone.", labels=labels
        )
        stale = CounterMetricFamily(
            "interlude_stale_writes", "Results that came after the lease was lost.", labels=labels
        )
        for engine in self._seen.engines:
            if not engine.figures:
                continue
            name, own = [str(engine.id)], engine.figures
            for family, key in ((first, "first_attempt"), (taken, "taken")):
                family.add_metric(name, _buckets(own[key]["counts"]), own[key]["seconds"])
            steals.add_metric(name, own["lease_steals"])
            stale.add_metric(name, own["stale_writes"])
        yield from (first, taken, steals, stale)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"interlude_{name}", text, value=value)


def _buckets(counts: Sequence[int]) -> list[Any]:
    bounds = [*(f"{bound:g}" for bound in BOUNDS), "+Inf"]
    return list(zip(bounds, accumulate(counts), strict=True))
