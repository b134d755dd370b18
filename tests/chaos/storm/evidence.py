"""What the database says in the end, beside what people were told and what arrived."""

from collections import defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select

from diary.alerts.model import alert_entries, alerts
from diary.callers import OPERATOR
from diary.checkins.model import check_ins
from diary.watch import canary
from diary.webhooks.model import attempts, deliveries, endpoints, messages
from diary.webhooks.signing import message_name
from diary.work import House
from tests.chaos.storm.journal import Journal
from tests.chaos.storm.ledger import Arrival
from tests.chaos.storm.people import Reaction, Told


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert. entries: the kinds of its history, with their sequences."""

    id: str
    is_open: bool
    has_next_action: bool
    entries: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try as it was settled. at: when its row was made, by the machine's clock."""

    at: float
    delivered: bool
    stale: bool
    answered: bool


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that is owed to an endpoint. message: its `webhook-id`."""

    id: UUID
    message: str
    door: str
    alert: str
    type: str
    is_page: bool
    generation: int
    sequence: int
    digest: bytes
    state: str
    attempts: tuple[Attempt, ...]
    claims: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is compared. check_ins: the alert that each belongs to, None where to none."""

    told: list[Told]
    reactions: list[Reaction]
    arrivals: list[Arrival]
    journal: Journal
    check_ins: Mapping[UUID, str | None]
    alerts: Mapping[str, Alert]
    deliveries: list[Delivery]


def gather(
    house: House,
    claims: Path,
    *,
    told: list[Told],
    reactions: list[Reaction],
    arrivals: list[Arrival],
    journal: Journal,
) -> Evidence:
    """Read the database of a house whose processes have ended, and the log of claims."""
    with house.work(OPERATOR, write=False) as work:
        kept = {
            row.id: None if row.alert_id is None else str(row.alert_id)
            for row in work.rows(select(check_ins.c.id, check_ins.c.alert_id))
        }
        entries: dict[UUID, list[tuple[int, str]]] = defaultdict(list)
        columns = (alert_entries.c.alert_id, alert_entries.c.sequence, alert_entries.c.kind)
        for row in work.rows(select(*columns).order_by(alert_entries.c.id)):
            entries[row.alert_id].append((row.sequence, row.kind))
        found = {
            str(row.id): Alert(
                str(row.id),
                row.status != "resolved",
                row.next_action_at is not None,
                tuple(entries[row.id]),
            )
            for row in work.rows(select(alerts).where(alerts.c.clinic_id != canary.CLINIC))
        }
        tried: dict[UUID, list[Attempt]] = defaultdict(list)
        for row in work.rows(select(attempts).order_by(attempts.c.id)):
            delivered = row.status is not None and 200 <= row.status < 300
            tried[row.delivery_id].append(
                Attempt(made_at(row.id), delivered, row.stale, row.status is not None)
            )
        said = {row.id: row for row in work.rows(select(messages))}
        doors = {row.id: row.description for row in work.rows(select(endpoints))}
        gone = {row.id for row in work.rows(select(endpoints).where(endpoints.c.state == "gone"))}
        others = {message_name(row.id) for row in said.values() if row.alert_id is None}
        claimed = _claims(claims)
        owed = [
            _delivery(row, said[row.message_id], doors[row.endpoint_id], gone, tried, claimed)
            for row in work.rows(
                select(deliveries).where(
                    # What tells of an endpoint and not of an alert promises nothing to a patient.
                    deliveries.c.alert_id.is_not(None),
                    deliveries.c.clinic_id != canary.CLINIC,
                )
            )
        ]
    heard = [arrival for arrival in arrivals if arrival.message not in others]
    return Evidence(told, reactions, heard, journal, kept, found, owed)


def made_at(id: UUID) -> float:
    """When a UUIDv7 was made: by the machine's clock, whatever the house took for the present."""
    return (id.int >> 80) / 1000


def _claims(file: Path) -> dict[UUID, list[float]]:
    claimed: dict[UUID, list[float]] = defaultdict(list)
    for line in file.read_bytes().splitlines():
        told = orjson.loads(line)
        claimed[UUID(told["delivery"])].append(told["at"])
    return claimed


def _delivery(
    row: Any,
    message: Any,
    door: str,
    gone: Set[UUID],
    tried: Mapping[UUID, list[Attempt]],
    claimed: Mapping[UUID, list[float]],
) -> Delivery:
    data = orjson.loads(message.body)["data"]
    return Delivery(
        id=row.id,
        message=message_name(message.id),
        door=door,
        alert=str(row.alert_id),
        type=message.type,
        is_page=row.is_page,
        generation=data["generation"],
        sequence=data["sequence"],
        digest=sha256(message.body).digest(),
        state="gone" if row.state == "cancelled" and row.endpoint_id in gone else row.state,
        attempts=tuple(tried.get(row.id, ())),
        claims=tuple(sorted(claimed.get(row.id, ()))),
    )
