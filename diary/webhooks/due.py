"""What the queue asks and tells the database, each built once: building costs more than running.

A dead endpoint may have 100,000 deliveries waiting. Every query here reads a few index entries for
each endpoint, never a queue: each kind of delivery is a range of one index, read from its start.

There is one index of what is pending, and no query leaves the planner another way to it: the
statistics it plans by are of a quiet day, and by those any way to read what is pending looks cheap.
"""

from collections.abc import Iterator

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    false,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
    update,
)

from diary.columns import Id, Instant
from diary.severity import Severity
from diary.webhooks.model import LEASED, PENDING, deliveries, endpoints, messages

_NOW = bindparam("now", type_=Instant())
_AFTER = bindparam("after", type_=Instant())
_IS_DUE = deliveries.c.due_at <= _NOW
# A new page never waits and none waits so long, but by a clock that was set back since: that must
# not postpone a page.
_PAGE_IS_DUE = or_(
    _IS_DUE,
    deliveries.c.attempts == 0,
    deliveries.c.due_at > bindparam("page_limit", type_=Instant()),
)


def _ranges(is_page: bool) -> Iterator[ColumnElement[bool]]:
    """The ranges of the index that hold an endpoint's pages, or its events."""
    for priority in Severity:
        yield and_(
            deliveries.c.is_page == (true() if is_page else false()),
            deliveries.c.priority == literal(int(priority)),
            PENDING,
        )


def _soonest(within: ColumnElement[bool], which: ColumnElement[bool]) -> ColumnElement[object]:
    """When the first of these of an endpoint falls due, or NULL."""
    return (
        select(deliveries.c.due_at)
        .where(
            deliveries.c.clinic_id == endpoints.c.clinic_id,
            deliveries.c.endpoint_id == endpoints.c.id,
            within,
            which,
        )
        .order_by(deliveries.c.due_at)
        .limit(1)
        .correlate(endpoints)
        .scalar_subquery()
    )


def _any(is_page: bool, which: ColumnElement[bool]) -> ColumnElement[bool]:
    return or_(*(_soonest(within, which).is_not(None) for within in _ranges(is_page)))


_NOT_SPARED = or_(
    endpoints.c.blocked_until.is_(None),
    endpoints.c.blocked_until <= _NOW,
    endpoints.c.blocked_until > bindparam("block_limit", type_=Instant()),
)

# Parameters: now, page_limit, block_limit.
DUE_ENDPOINTS = select(endpoints.c.clinic_id, endpoints.c.id, endpoints.c.purpose).where(
    endpoints.c.state == "active",
    or_(_any(True, _PAGE_IS_DUE), and_(_NOT_SPARED, _any(False, _IS_DUE))),
)

_SOONEST_AFTER = union_all(
    *(
        select(_soonest(within, deliveries.c.due_at > _AFTER).label("at")).where(
            endpoints.c.state == "active"
        )
        for is_page in (True, False)
        for within in _ranges(is_page)
    )
).subquery()

# Parameter: after.
NEXT: tuple[Select[object], ...] = (
    select(func.min(_SOONEST_AFTER.c.at).label("at")),
    select(func.min(deliveries.c.leased_until).label("at")).where(
        LEASED, deliveries.c.leased_until > _AFTER
    ),
    select(func.min(endpoints.c.blocked_until).label("at")).where(
        endpoints.c.state == "active", endpoints.c.blocked_until > _AFTER
    ),
)

# Parameters: clinic, endpoint. Not FOR UPDATE: a check-in's delivery must be able to refer to the
# endpoint meanwhile.
ENDPOINT = (
    select(endpoints)
    .where(
        endpoints.c.clinic_id == bindparam("clinic", type_=Id),
        endpoints.c.id == bindparam("endpoint", type_=Id),
        endpoints.c.state == "active",
    )
    .with_for_update(key_share=True, skip_locked=True)
)

# Parameters: clinic, endpoint.
IN_FLIGHT = select(deliveries.c.alert_id, deliveries.c.is_page).where(
    deliveries.c.clinic_id == bindparam("clinic", type_=Id),
    deliveries.c.endpoint_id == bindparam("endpoint", type_=Id),
    LEASED,
)


_WANTED = [
    deliveries.c[name]
    for name in (
        "clinic_id",
        "id",
        "message_id",
        "alert_id",
        "patient_id",
        "is_page",
        "priority",
        "attempts",
        "due_at",
        "created_at",
    )
]


def _head(is_page: bool, within: ColumnElement[bool]) -> Select[object]:
    """Locked where they are read: what was withdrawn meanwhile is left out by the lock itself."""
    return (
        select(*_WANTED)
        .where(
            deliveries.c.clinic_id == bindparam("clinic", type_=Id),
            deliveries.c.endpoint_id == bindparam("endpoint", type_=Id),
            within,
            _PAGE_IS_DUE if is_page else _IS_DUE,
        )
        .order_by(deliveries.c.due_at, deliveries.c.id)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
    )


_HEADS = union_all(
    *(
        _head(is_page, within).subquery().select()
        for is_page in (True, False)
        for within in _ranges(is_page)
    )
).subquery()

# One by one, whatever statistics say.
_BODY = (
    select(messages.c.body)
    .where(messages.c.clinic_id == _HEADS.c.clinic_id, messages.c.id == _HEADS.c.message_id)
    .correlate(_HEADS)
    .scalar_subquery()
)

# Pages, then the gravest, then the oldest. Parameters: now, page_limit, clinic, endpoint, most.
IN_ORDER = (
    select(_HEADS, _BODY.label("body"))
    .order_by(
        _HEADS.c.is_page.desc(),
        _HEADS.c.priority.desc(),
        _HEADS.c.due_at,
        _HEADS.c.id,
    )
    .limit(bindparam("most"))
)

# Parameters: clinic, ids, token, until, by.
LEASE_THEM = (
    update(deliveries)
    .where(
        deliveries.c.clinic_id == bindparam("clinic", type_=Id),
        deliveries.c.id.in_(bindparam("ids", type_=Id, expanding=True)),
    )
    .values(
        state="leased",
        lease_token=bindparam("token", type_=Id),
        leased_until=bindparam("until", type_=Instant()),
        leased_by=bindparam("by", type_=Id),
    )
)

_THESE = and_(
    deliveries.c.clinic_id.in_(bindparam("clinics", type_=Id, expanding=True)),
    deliveries.c.id.in_(bindparam("ids", type_=Id, expanding=True)),
    LEASED,
)

# Parameters: clinics, ids. In one order everywhere, so that two engines do not wait for each other.
HELD = (
    select(deliveries.c.id, deliveries.c.lease_token, deliveries.c.withdrawn)
    .where(_THESE)
    .order_by(deliveries.c.id)
    .with_for_update()
)

# Parameters: clinics, ids, to, settled, due (NULL: as before).
ATTEMPTED = (
    update(deliveries)
    .where(_THESE)
    .values(
        state=bindparam("to"),
        settled_at=bindparam("settled", type_=Instant()),
        due_at=func.coalesce(bindparam("due", type_=Instant()), deliveries.c.due_at),
        attempts=deliveries.c.attempts + 1,
        lease_token=None,
        leased_until=None,
        leased_by=None,
    )
)
