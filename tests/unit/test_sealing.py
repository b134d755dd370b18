"""Sealed fields, and the three levels of keys that they are under."""

import os
import re
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import LargeBinary, event, update

from diary import datakeys
from diary.access import clinics
from diary.access.permissions import Role
from diary.callers import OPERATOR, Caller, CallerKind
from diary.database import Database
from diary.patients import service as patients
from diary.sealing import PatientErased
from diary.tables import metadata
from diary.vault import Vault, WrongMasterKey
from diary.work import House
from diary.wrapped import clinic_keys, data_keys

PLACE: dict[str, Any] = {"place": "patients.name", "row": uuid4()}


@pytest.fixture
def clinic(house: House) -> UUID:
    return _founded(house)


@pytest.fixture
def patient(house: House, clinic: UUID) -> UUID:
    return _entered(house, clinic)


def _founded(house: House) -> UUID:
    with house.work(OPERATOR) as work:
        return clinics.create(work, name="Harbour", country="ES", time_zone="Europe/Madrid")


def _entered(house: House, clinic: UUID) -> UUID:
    with house.work(Caller(CallerKind.STAFF, clinic_id=clinic)) as work:
        return patients.create(work, name="Alice", locale="en", time_zone="Europe/Madrid").id


def test_a_sealed_value_opens_in_its_place_in_any_transaction(
    house: House, clinic: UUID, patient: UUID
) -> None:
    here = PLACE | {"clinic": clinic, "patient": patient}
    with house.work(OPERATOR) as work:
        sealed = work.vault.seal("Alicia Ñúñez 🌊", **here)
        assert work.vault.seal("Alicia Ñúñez 🌊", **here) != sealed

    assert b"Alicia" not in sealed
    with house.work(OPERATOR) as work:
        assert work.vault.open(sealed, **here) == "Alicia Ñúñez 🌊"


def test_a_sealed_value_does_not_open_elsewhere(house: House, clinic: UUID, patient: UUID) -> None:
    here = PLACE | {"clinic": clinic, "patient": patient}
    elsewhere: list[dict[str, Any]] = [
        {"place": "staff.name"},
        {"row": uuid4()},
        {"patient": None},
        {"patient": _entered(house, clinic)},
        {"clinic": (other := _founded(house)), "patient": _entered(house, other)},
        {"clinic": None, "patient": None},
    ]
    with house.work(OPERATOR) as work:
        sealed = work.vault.seal("Alice", **here)
        for moved in elsewhere:
            with pytest.raises(InvalidTag):
                work.vault.open(sealed, **(here | moved))
        with pytest.raises(InvalidTag):
            work.vault.open(sealed[:-1] + bytes([sealed[-1] ^ 1]), **here)


def test_a_wrapped_key_does_not_open_in_another_row(
    house: House, clinic: UUID, patient: UUID
) -> None:
    other = _entered(house, clinic)
    with house.work(OPERATOR) as work:
        row = work.rows(data_keys.select().where(data_keys.c.id == patient))[0]
        work.execute(
            update(data_keys)
            .where(data_keys.c.clinic_id == clinic, data_keys.c.id == other)
            .values(wrapped=row.wrapped)
        )
    with house.work(OPERATOR) as work, pytest.raises(InvalidTag):
        work.vault.seal("Olga", **PLACE, clinic=clinic, patient=other)


def test_a_destroyed_key_is_out_of_reach_of_a_process_that_has_used_it(
    house: House, clinic: UUID, patient: UUID
) -> None:
    here = PLACE | {"clinic": clinic, "patient": patient}
    with house.work(OPERATOR) as work:
        sealed = work.vault.seal("Alice", **here)
    with house.work(OPERATOR) as work:
        assert work.vault.open(sealed, **here) == "Alice"
        datakeys.destroy(work, clinic, patient)
        with pytest.raises(PatientErased):
            work.vault.open(sealed, **here)
    with house.work(OPERATOR) as work:
        assert work.vault.is_erased(clinic, patient)
        with pytest.raises(PatientErased):
            work.vault.seal("Alice", **here)


def test_what_was_rolled_back_was_never_a_key(house: House, clinic: UUID) -> None:
    patient = uuid4()

    def fail() -> None:
        with house.work(OPERATOR) as work:
            datakeys.for_patient(work, clinic, patient)
            work.vault.seal("Alice", **PLACE, clinic=clinic, patient=patient)
            work.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with house.work(OPERATOR) as work, pytest.raises(KeyError):
        work.vault.seal("Alice", **PLACE, clinic=clinic, patient=patient)


def test_the_keys_of_many_patients_are_read_at_once(house: House, clinic: UUID) -> None:
    everyone = [_entered(house, clinic) for _ in range(12)]
    asked: list[str] = []
    manager = Caller(CallerKind.STAFF, clinic_id=clinic, role=Role.CARE_MANAGER)
    with house.work(manager) as work:

        def note(_: Any, __: Any, statement: str, *___: Any) -> None:
            asked.append(statement)

        event.listen(work.connection, "before_cursor_execute", note)
        rows = work.rows(patients.visible(work))
        assert [each.name for each in patients.all_opened(work, rows)] == ["Alice"] * 12
        assert len(everyone) == len(rows)
        assert len(asked) == 2


def test_purposes_are_told_apart_and_outlive_the_process(
    house: House, database: Database, settings: Any
) -> None:
    found = house.vault.key("cursors")
    again = Vault(settings.masters, os.urandom, database)

    assert again.key("cursors") == found
    assert len({found, again.key("refresh tokens"), again.root(), settings.masters[0]}) == 4


def test_another_master_key_opens_nothing_and_says_so(
    house: House, database: Database, clinic: UUID
) -> None:
    with pytest.raises(WrongMasterKey, match="INTERLUDE_FORMER_MASTER_KEYS"):
        Vault([bytes(32)], os.urandom, database).key("cursors")


def test_a_former_master_key_opens_and_the_one_in_use_wraps(
    house: House, database: Database, settings: Any, clinic: UUID
) -> None:
    """Processes are restarted one by one: what the new ones found, the old ones must open."""
    vault = Vault([bytes(32), *settings.masters], os.urandom, database)
    with House(**{**_parts(house), "vault": vault}).work(OPERATOR) as work:
        made = clinics.create(work, name="Hill", country="ES", time_zone="Europe/Madrid")
    with house.work(OPERATOR) as work:
        assert work.vault.seal("Bob", **PLACE, clinic=made)
        masters = {row.wrapped_by for row in work.rows(clinic_keys.select())}
    assert masters == {house.vault.wraps_with} != {vault.wraps_with}


def _parts(house: House) -> dict[str, Any]:
    return {name: getattr(house, name) for name in House.__dataclass_fields__}


def test_a_blind_index_finds_whatever_the_case_and_tells_purposes_apart(house: House) -> None:
    vault = house.vault
    index = vault.blind_index("staff.email", "bob@clinic.example")

    assert vault.blind_index("staff.email", " Bob@Clinic.Example ") == index
    assert vault.blind_index("staff.email", "bo@clinic.example") != index
    assert vault.blind_index("patients.email", "bob@clinic.example") != index


# Bytes that are no text of anybody's: keyed or of secrets that cannot be guessed, or wrapped keys.
_NOT_SEALED = re.compile(
    r".*(_hash|_index|_nonce|\.wrapped)|guesses\.key|client_assertions\.used|messages\.body"
    r"|audit_(events|heads)\.(link|mark)|remembered_requests\.fingerprint"
)


def test_every_sealed_column_stands_in_the_handbook() -> None:
    """A new one gets its key there, and in `tests/erasing.py` where it is a patient's."""
    page = (Path(__file__).parents[2] / "docs" / "security.md").read_text("utf-8")
    _, _, page = page.partition("## What is sealed, and under which key")
    table, _, _ = page.partition("| Plain |")
    stored = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.c
        if isinstance(column.type, LargeBinary)
    }
    sealed = {each for each in stored if not _NOT_SEALED.fullmatch(each)}
    assert set(re.findall(r"`(\w+\.\w+)`", table)) == sealed
