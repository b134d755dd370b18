"""Whom the targets of a policy reach: webhooks, and the persons who are on call at that moment."""

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from diary.oncall import service as oncall
from diary.oncall.rota import Rota
from diary.webhooks import endpoints
from diary.webhooks.endpoints import Live
from diary.work import Work

ENDPOINT, ROTA, CONTACT, LAST_RESORT = TARGETS = ("endpoint", "rota", "contact", "last-resort")


@dataclass(frozen=True, slots=True)
class Target:
    """One target of a step; the last resort has no id, for there is one."""

    type: str
    id: UUID | None = None

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Target":
        """From a stored step."""
        return cls(stored["type"], stored["id"] and UUID(str(stored["id"])))


@dataclass(frozen=True, slots=True)
class Reach:
    """What a clinic's policies can reach now: its active endpoints, and some of its rotas."""

    live: Live
    rotas: Mapping[UUID, Rota]
    has_last_resort: bool

    def systems(self, targets: Iterable[Target]) -> set[UUID]:
        """The webhooks among the targets."""
        return {target.id for target in targets if target.id} & self.live.webhooks

    def people_now(self, targets: Iterable[Target], now: datetime) -> set[UUID]:
        """The contacts named, and those of whoever is on call at this moment."""
        return self._contacts(targets, lambda rota: rota.on_call(now).staff)

    def people_ever(self, targets: Iterable[Target], now: datetime) -> set[UUID]:
        """The contacts named, and those of everyone who is on a rota named."""
        return self._contacts(targets, lambda rota: rota.people(now))

    def ever(self, target: Target, now: datetime) -> bool:
        """Whether the target reaches anyone, now or later."""
        if target.type == LAST_RESORT:
            return self.has_last_resort
        return bool(self.systems((target,)) or self.people_ever((target,), now))

    def always(self, target: Target, now: datetime) -> bool:
        """Whether it reaches someone whenever it is asked to: a rota without a gap."""
        if target.type != ROTA:
            return self.ever(target, now)
        rota = self.rotas.get(target.id) if target.id else None
        reachable = frozenset(self.live.contacts.values())
        return rota is not None and rota.without_gaps(now, reachable)

    def _contacts(
        self, targets: Iterable[Target], staff_of: Callable[[Rota], Set[UUID]]
    ) -> set[UUID]:
        found: set[UUID] = set()
        for target in targets:
            if target.id is None:
                continue
            if target.type == CONTACT and target.id in self.live.contacts:
                found.add(target.id)
            elif target.type == ROTA and target.id in self.rotas:
                staff = staff_of(self.rotas[target.id])
                found |= {id for id, member in self.live.contacts.items() if member in staff}
        return found


def reach(work: Work, clinic_id: UUID, targets: Iterable[Target], *, hold: bool = False) -> Reach:
    """Look at what these targets need. hold: keep their rotas from changing until the commit."""
    rotas = {target.id for target in targets if target.type == ROTA and target.id}
    return Reach(
        live=endpoints.live(work, clinic_id),
        rotas=oncall.find(work, clinic_id, rotas, hold=hold),
        has_last_resort=work.settings.last_resort is not None,
    )
