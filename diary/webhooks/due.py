"""What the queue asks of the database, each built once: building costs more than running it.

A dead endpoint may have 100,000 deliveries waiting. Every query here reads a few index entries for
each endpoint, never a queue: each kind of delivery is a range of an index, read from its start.
"""

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
_OF_ENDPOINT = and_(
    deliveries.c.clinic_id == endpoints.c.clinic_id,
    deliveries.c.endpoint_id == endpoints.c.id,
    PENDING,
)


def _first(column: ColumnElement[object], *conditions: ColumnElement[bool]) -> Select[object]:
    """The soonest of an endpoint's that fulfil these; a LIMIT keeps it a look into the index."""
    return (
        select(column)
        .where(_OF_ENDPOINT, *conditions)
        .order_by(deliveries.c.due_at)
        .limit(1)
        .correlate(endpoints)
    )


_HAS_PAGE = (
    select(deliveries.c.id)
    .where(_OF_ENDPOINT, deliveries.c.is_page == true(), _PAGE_IS_DUE)
    # For the index alone: statistics can make a walk through the table look as cheap.
    .order_by(deliveries.c.priority, deliveries.c.due_at)
    .limit(1)
    .correlate(endpoints)
    .scalar_subquery()
)
_SOONEST = _first(deliveries.c.due_at).scalar_subquery()
_NOT_SPARED = or_(
    endpoints.c.blocked_until.is_(None),
    endpoints.c.blocked_until <= _NOW,
    endpoints.c.blocked_until > bindparam("block_limit", type_=Instant()),
)

# Parameters: now, page_limit, block_limit.
DUE_ENDPOINTS = select(endpoints.c.clinic_id, endpoints.c.id).where(
    endpoints.c.state == "active",
    or_(and_(_NOT_SPARED, _SOONEST <= _NOW), _HAS_PAGE.is_not(None)),
)

# Parameter: after.
NEXT: tuple[Select[object], ...] = (
    select(
        func.min(_first(deliveries.c.due_at, deliveries.c.due_at > _AFTER).scalar_subquery()).label(
            "at"
        )
    )
    .select_from(endpoints)
    .where(endpoints.c.state == "active"),
    select(func.min(deliveries.c.leased_until).label("at")).where(
        LEASED, deliveries.c.leased_until > _AFTER
    ),
    select(func.min(endpoints.c.blocked_until).label("at")).where(
        endpoints.c.state == "active", endpoints.c.blocked_until > _AFTER
    ),
)


def _head(is_page: bool, priority: Severity) -> Select[object]:
    return (
        select(deliveries.c.id)
        .where(
            deliveries.c.endpoint_id == bindparam("endpoint", type_=Id),
            deliveries.c.is_page == (true() if is_page else false()),
            deliveries.c.priority == literal(int(priority)),
            _PAGE_IS_DUE if is_page else _IS_DUE,
            PENDING,
        )
        .order_by(deliveries.c.due_at, deliveries.c.id)
        .limit(bindparam("most"))
    )


_HEADS = union_all(
    *(
        _head(is_page, priority).subquery().select()
        for is_page in (True, False)
        for priority in Severity
    )
).subquery()

# Pages, then the gravest, then the oldest. Parameters: now, page_limit, clinic, endpoint, most.
IN_ORDER = (
    select(deliveries, messages.c.body)
    .join(_HEADS, _HEADS.c.id == deliveries.c.id)
    .join(
        messages,
        and_(
            messages.c.clinic_id == deliveries.c.clinic_id,
            messages.c.id == deliveries.c.message_id,
        ),
    )
    .where(deliveries.c.clinic_id == bindparam("clinic", type_=Id), PENDING)
    .order_by(
        deliveries.c.is_page.desc(),
        deliveries.c.priority.desc(),
        deliveries.c.due_at,
        deliveries.c.id,
    )
    .limit(bindparam("most"))
    .with_for_update(of=deliveries, skip_locked=True)
)
