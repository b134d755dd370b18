"""The rows that came from some patients since a moment, and how each of them stood when it came."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, select

from diary.checkins import forms, notes
from diary.checkins.forms import Form
from diary.checkins.judging import Said
from diary.checkins.lookback import scored
from diary.checkins.model import amendments, check_ins, quarantine
from diary.checkins.model import notes as note_rows
from diary.errors import FieldFault
from diary.infusions.since import Since
from diary.rehearsal.before import KNOWN
from diary.rehearsal.past import Entered
from diary.rehearsal.record import Came
from diary.rules.facts import Entry, Facts
from diary.work import Work

_JUDGED = (
    *KNOWN,
    *(
        "locale",
        "time_zone",
        "answers",
        "infusion_number",
        "days_since_infusion",
        "hours_since_infusion",
    ),
)


class Rows:
    """In whatever order they are read.

    amended_later: check-ins that came before it and were amended since.
    """

    def __init__(self, work: Work, ids: Sequence[UUID], since: datetime) -> None:
        def came(table: Table, names: Iterable[str] | None = None) -> Sequence[Row[Any]]:
            columns = table.c if names is None else [table.c[name] for name in names]
            return work.rows(
                select(*columns).where(
                    table.c.clinic_id == work.caller.clinic,
                    table.c.patient_id.in_(ids),
                    table.c.received_at >= since,
                )
            )

        self.check_ins = came(check_ins, _JUDGED)
        self.apart = came(quarantine)
        self._amendments: dict[tuple[UUID, UUID], list[Row[Any]]] = {}
        for row in sorted(came(amendments), key=lambda row: row.number):
            self._amendments.setdefault((row.patient_id, row.check_in_id), []).append(row)
        written = came(note_rows)
        sealed = {row.patient_id for row in (*written, *self.apart)}
        work.vault.fetch(work.caller.clinic, sealed)
        self._notes = {
            (row.patient_id, row.check_in_id, row.received_at): notes.opened(work, row).text
            for row in written
        }
        known = {(row.patient_id, row.id) for row in self.check_ins}
        self.amended_later = _check_ins(work, self._amendments.keys() - known)
        pinned = {_pinned(row) for row in (*self.check_ins, *self.amended_later)}
        self._forms = {each: _form(work, *each) for each in pinned}

    def first(self, row: Row[Any]) -> Entered:
        """A check-in as it stood at first."""
        state, _ = next(self._states(row))
        return _entered(row, state)

    def came(self, row: Row[Any]) -> Iterator[Came]:
        """A check-in as it was judged when it came, and then each of its amendments."""
        form = self._forms[_pinned(row)]
        for state, amended in self._states(row):
            it = row if amended is None else amended
            result = form.score(state.answers)
            said = Said(
                row.id,
                row.recorded_at,
                row.time_zone,
                row.instrument,
                form.group,
                form.chained_to,
                Facts(result.measures, result.declined),
                self._notes.get((row.patient_id, row.id, it.received_at)),
                row.local_date,
            )
            yield Came(
                it.id,
                said,
                it.received_at,
                _entered(row, state),
                is_check_in=amended is None,
                since=_since(row) if amended is None else None,
            )

    def _states(self, row: Row[Any]) -> Iterator[tuple[Any, Row[Any] | None]]:
        """How a check-in stood, from the first to the last, and what amended it to be so."""
        amended = self._amendments.get((row.patient_id, row.id), [])
        stood: list[Any] = [SimpleNamespace(**each.before) for each in amended]
        return zip([*stood, row], [None, *amended], strict=True)


def _check_ins(work: Work, keys: Iterable[tuple[UUID, UUID]]) -> Sequence[Row[Any]]:
    wanted = set(keys)
    if not wanted:
        return ()
    # An id lives under its patient: another's may be the same.
    rows = work.rows(
        select(*(check_ins.c[name] for name in _JUDGED)).where(
            check_ins.c.clinic_id == work.caller.clinic,
            check_ins.c.patient_id.in_({patient for patient, _ in wanted}),
            check_ins.c.id.in_({check_in for _, check_in in wanted}),
        )
    )
    return [row for row in rows if (row.patient_id, row.id) in wanted]


def _pinned(row: Row[Any]) -> tuple[str, str, str]:
    return row.instrument, row.version, row.locale


def _form(work: Work, slug: str, version: str, locale: str) -> Form:
    form = forms.find(work, work.caller.clinic, slug, version, locale)
    assert not isinstance(form, FieldFault)
    return form


def _entered(row: Row[Any], state: Any) -> Entered:
    entry = Entry(row.recorded_at, row.local_date, scored(state))
    scores, whole = state.scores is not None, state.total is not None
    return Entered(row.id, row.instrument, row.version, entry, state.si, scores, whole)


def _since(row: Row[Any]) -> Since | None:
    """What the check-in's row says was known of infusions when it came."""
    if row.infusion_number is None:
        return None
    return Since(row.infusion_number, row.days_since_infusion, row.hours_since_infusion)
