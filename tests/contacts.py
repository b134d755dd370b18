"""Contacts of members in the tests, and what is owed to them."""

from uuid import UUID

from sqlalchemy import select

from diary.alerts.texts import Text
from diary.alerts.writing import written
from diary.callers import Caller, CallerKind
from diary.webhooks import queue
from diary.webhooks.endpoints import MAX_IN_FLIGHT, SEALED_AT
from diary.webhooks.model import deliveries, endpoints, messages
from diary.webhooks.publish import owe
from diary.webhooks.queue import Claimed
from diary.work import House
from tests.cast import Member

ENGINE = Caller(CallerKind.ENGINE)
# Nobody listens at the discard port of a test machine.
NOBODY = "json://127.0.0.1:9/phone"


def add_contact(house: House, member: Member, address: str = NOBODY) -> UUID:
    """A way to reach this member."""
    clinic = member.grant.clinic_id
    with house.work(member.caller) as work:
        contact = work.new_id()
        work.add(
            endpoints,
            clinic_id=clinic,
            id=contact,
            kind="contact",
            staff_id=member.id,
            secret=work.vault.seal(address, place=SEALED_AT, clinic=clinic, row=contact),
            state="active",
            max_in_flight=MAX_IN_FLIGHT,
            created_at=work.now,
        )
    return contact


def add_last_resort(house: House, clinic: UUID) -> UUID:
    """The operator's own channel, as a clinic's endpoint."""
    with house.work(ENGINE.within(clinic)) as work:
        found = work.new_id()
        work.add(
            endpoints,
            clinic_id=clinic,
            id=found,
            kind="last-resort",
            state="active",
            max_in_flight=MAX_IN_FLIGHT,
            created_at=work.now,
        )
    return found


def owe_newest(house: House, clinic: UUID, endpoint: UUID, *, is_page: bool = True) -> UUID:
    """Owe an endpoint the clinic's newest page, or the newest of its other messages, as well."""
    with house.work(ENGINE.within(clinic)) as work:
        newest = work.rows(
            select(deliveries, messages.c.type)
            .join(
                messages,
                (messages.c.clinic_id == deliveries.c.clinic_id)
                & (messages.c.id == deliveries.c.message_id),
            )
            .where(deliveries.c.clinic_id == clinic, deliveries.c.is_page == is_page)
            .order_by(deliveries.c.created_at.desc(), deliveries.c.message_id.desc())
            .limit(1)
        )[0]
        return owe(
            work,
            clinic_id=clinic,
            message_id=newest.message_id,
            endpoint_id=endpoint,
            alert_id=newest.alert_id,
            is_page=is_page,
            priority=newest.priority,
        )


def claim(house: House, clinic: UUID, endpoint: UUID) -> Claimed:
    """Lease the one delivery that is due there."""
    with house.work(ENGINE) as work:
        (claimed,) = queue.claim(work, clinic, endpoint)
    return claimed


def write(house: House, claimed: Claimed) -> Text | None:
    """What an engine would send for it."""
    with house.work(ENGINE.within(claimed.clinic_id)) as work:
        return written(work, claimed)


def page(house: House, member: Member, contact: UUID | None = None) -> str:
    """Page this member with the newest page; returns the path of the link in it."""
    contact = contact or add_contact(house, member)
    clinic = member.grant.clinic_id
    owe_newest(house, clinic, contact)
    text = write(house, claim(house, clinic, contact))
    assert text is not None
    return path_in(house, text)


def path_in(house: House, text: Text) -> str:
    """The path of the one link in a text."""
    (link,) = [word for word in text.body.split() if word.startswith(house.settings.issuer)]
    return link.removeprefix(house.settings.issuer)
