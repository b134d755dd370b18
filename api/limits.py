"""How many requests are taken from one caller, and which are taken whatever else it sent.

A bucket for each address, session and sign-in; of each only the moment is kept at which it is full
again (the generic cell rate algorithm). They stand in this process's memory: each process counts
for itself, and forgets when it ends. What may carry a risk has a reserve that nothing else uses.
What strangers can make up is kept apart, so that it pushes nothing else out of the memory.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from hashlib import sha256
from threading import Lock
from typing import Any, Final, NamedTuple
from uuid import UUID

from flask import Response, g, request

from diary.access.guesses import network
from diary.access.permissions import Scope
from diary.access.tokens import Claims
from diary.errors import TooMany

_SECOND: Final = 1_000_000


class RateLimited(TooMany):
    """This caller, or this address, sends more requests than are taken."""

    code = "rate-limited"


class Rate(Enum):
    """What a request counts as. URGENT: refused only where its reserve is used up as well. HEAVY:
    it keeps a process busy for a long time."""

    ORDINARY = auto()
    URGENT = auto()
    SIGN_IN = auto()
    HEAVY = auto()
    FREE = auto()


# Where a request decides by its path and body, as the handler gets them; and the secret that has
# the reserve where there is no token. One that could not be read is URGENT.
ByRequest = Callable[[Mapping[str, Any]], tuple[Rate, str | None]]

# Whether a clinic has an alert of that id.
IsAlert = Callable[[UUID, UUID], bool]


@dataclass(frozen=True, slots=True)
class Quota:
    """So many requests in so many seconds, all at once or one by one."""

    name: str
    requests: int
    seconds: int = 60

    def times(self, factor: float) -> "Quota":
        """The same, wider or narrower."""
        return Quota(self.name, max(1, round(self.requests * factor)), self.seconds)

    @property
    def window(self) -> int:
        """In microseconds, as everything is counted: whole numbers do not drift."""
        return self.seconds * _SECOND

    @property
    def step(self) -> int:
        """How long it takes for one to come back."""
        return self.window // self.requests


# A ward and its visitors share one address.
ADDRESS = Quota("address", 6_000)
SESSION = Quota("session", 600)
PHONE = Quota("phone", 120)
SIGN_IN = Quota("sign-in", 300)
HEAVY = Quota("heavy", 6, 600)
# Never scaled: they are a promise. ALERTS: what one session takes from the reserves of all alerts,
# before it is looked whether there is such an alert.
RESERVE = Quota("reserve", 10)
ALERTS = Quota("alerts", 120)


class Level(NamedTuple):
    """How a bucket stands, in microseconds. wait: until it holds one; 0 where it does."""

    quota: Quota
    left: int
    full_in: int
    wait: int


Bucket = tuple[Quota, Hashable]


class Buckets:
    """At most so many; the one that was used longest ago is forgotten first."""

    def __init__(self, most: int = 50_000) -> None:
        self._most = most
        self._full_at: OrderedDict[Hashable, int] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, now: int, buckets: Sequence[Bucket]) -> list[Level]:
        """Take one from each of them, or from none where one of them is empty."""
        with self._lock:
            found = [(quota, name, self._full_in(now, quota, name)) for quota, name in buckets]
            waits = [max(0, due + quota.step - quota.window) for quota, _, due in found]
            levels = []
            for (quota, name, before), wait in zip(found, waits, strict=True):
                due = before
                if not any(waits):
                    due = before + quota.step
                    self._full_at[quota.name, name] = now + due
                levels.append(Level(quota, (quota.window - due) // quota.step, due, wait))
            while len(self._full_at) > self._most:
                self._full_at.popitem(last=False)
        return levels

    def _full_in(self, now: int, quota: Quota, name: Hashable) -> int:
        key = (quota.name, name)
        full_at = self._full_at.get(key)
        if full_at is None:
            return 0
        # Who is refused again and again must not be forgotten for it.
        self._full_at.move_to_end(key)
        # More than a window is due to a clock that was set back since.
        return full_at - now if 0 < full_at - now <= quota.window else 0


class Limits:
    """What one process counts. factor: of everything but the reserve; 0: nothing is counted.

    made_up: the reserves of secrets that nobody has looked at yet.
    """

    def __init__(
        self,
        factor: float,
        is_alert: IsAlert,
        *,
        buckets: Buckets | None = None,
        made_up: Buckets | None = None,
    ) -> None:
        self._counts = factor > 0
        self.is_alert = is_alert
        self._address, self._session, self._phone, self._sign_in, self._heavy = (
            quota.times(factor) for quota in (ADDRESS, SESSION, PHONE, SIGN_IN, HEAVY)
        )
        self._buckets = Buckets() if buckets is None else buckets
        self._made_up = Buckets(5_000) if made_up is None else made_up

    def admit(
        self,
        at: datetime,
        rate: Rate,
        claims: Claims | None,
        *,
        purpose: Hashable,
        alert_id: UUID | None = None,
        secret: str | None = None,
    ) -> None:
        """Count the present request; raises RateLimited where it is one too many.

        purpose: each has a reserve of its own. alert_id: the alert that its path names. secret: see
        `ByRequest`. Leaves behind what the headers of the answer say.
        """
        if rate is Rate.FREE or not self._counts:
            return
        now = round(at.timestamp() * _SECOND)
        levels = self._buckets.take(now, self._ordinary(rate, claims))
        refused = [level for level in levels if level.wait]
        if refused and rate is Rate.URGENT:
            reserve = self._reserve(now, claims, purpose, alert_id, secret)
            levels += reserve
            if reserve:
                refused = [level for level in reserve if level.wait]
        g.levels = levels
        if refused:
            wait = max(level.wait for level in refused)
            raise RateLimited(timedelta(microseconds=wait))

    def _reserve(
        self,
        now: int,
        claims: Claims | None,
        purpose: Hashable,
        alert_id: UUID | None,
        secret: str | None,
    ) -> list[Level]:
        """Take from the reserve; nothing where nobody is known who could have one.

        It is a phone's or another session's; for an answer to an alert that alert's, for each who
        answers; without a token that of the secret.
        """
        if secret is not None:
            # Strangers choose how long it is.
            digest = sha256(secret.encode()).digest()[:16]
            return self._made_up.take(now, [(RESERVE, (purpose, digest))])
        if claims is None:
            return []
        own: Bucket = (RESERVE, (purpose, claims.session_id, alert_id))
        if alert_id is None:
            return self._buckets.take(now, [own])
        levels = self._buckets.take(now, [own, (ALERTS, claims.session_id)])
        of_this, of_all = levels
        if not of_this.wait and of_all.wait and self.is_alert(claims.clinic_id, alert_id):
            # Whoever made others up, or has a clinic full of alerts: this one is genuine.
            levels = self._buckets.take(now, [own])
        return levels

    def _ordinary(self, rate: Rate, claims: Claims | None) -> list[Bucket]:
        place = network(address())
        buckets: list[Bucket] = [(self._address, place)]
        if rate is Rate.SIGN_IN:
            buckets.append((self._sign_in, place))
        if claims is not None:
            quota = self._phone if Scope.ME_READ in claims.scopes else self._session
            buckets.append((quota, claims.session_id))
            if rate is Rate.HEAVY:
                buckets.append((self._heavy, claims.session_id))
        return buckets


def show(response: Response) -> None:
    """Say how the caller stands (draft-ietf-httpapi-ratelimit-headers-10)."""
    levels: list[Level] = g.get("levels", [])
    if levels:
        response.headers["RateLimit-Policy"] = ", ".join(
            f'"{level.quota.name}";q={level.quota.requests};w={level.quota.seconds}'
            for level in levels
        )
        response.headers["RateLimit"] = ", ".join(
            f'"{level.quota.name}";r={level.left};t={-(-level.full_in // _SECOND)}'
            for level in levels
        )


def address() -> str | None:
    """Where this request came from. Some proxies say the port, too."""
    seen = request.remote_addr
    if seen is None:
        return None
    if seen.startswith("["):
        return seen[1:].partition("]")[0]
    return seen.partition(":")[0] if seen.count(":") == 1 else seen
