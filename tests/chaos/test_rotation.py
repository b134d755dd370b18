"""The master key is replaced under 10,000 patients, and the command is killed in the middle."""

import base64
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import select

from diary import rotation
from diary.access import clinics
from diary.access.permissions import Role
from diary.callers import OPERATOR, Caller, CallerKind
from diary.clock import SystemClock
from diary.database import Database
from diary.patients import service as patients
from diary.patients.model import patients as patient_rows
from diary.sealing import CLINIC_KEY_PLACE, DATA_KEY_PLACE
from diary.settings import Settings
from diary.vault import Vault, WrongMasterKey, decrypt, encrypt, place
from diary.work import House
from diary.wrapped import clinic_keys, data_keys, root_secret
from tests.chaos.test_kill import environment

# One kind: with the other it would take ten seconds more.
pytestmark = [pytest.mark.slow, pytest.mark.parametrize("kept", ["sqlite"], indirect=True)]
MANY = 10_000
NEW = bytes(range(1, 33))
_ROOT = Path(__file__).parents[2]


@pytest.fixture
def house(house: House) -> House:
    """As a process that runs meanwhile, started with both keys: the new one does not wrap yet."""
    return _with(house, [*house.settings.masters, NEW])


@pytest.fixture
def clinic(house: House) -> UUID:
    """A clinic of 10,000."""
    with house.work(OPERATOR) as work:
        clinic = clinics.create(work, name="Harbour", country="ES", time_zone="Europe/Madrid")
        (above,) = work.rows(select(clinic_keys))
        key = work.vault.clinic_key(above)
        entered: list[dict[str, Any]] = []
        for number in range(MANY):
            patient, own = uuid4(), os.urandom(32)
            at = place(DATA_KEY_PLACE, clinic, patient)
            wrapped = encrypt(key, own, at, os.urandom)
            work.add(data_keys, clinic_id=clinic, id=patient, wrapped=wrapped, wrapped_by=above.id)
            at = place(patients.NAME_PLACE, clinic, patient)
            name = encrypt(own, f"Patient {number}".encode(), at, os.urandom)
            entered.append({"id": patient, "reference": f"pt_{number}", "name": name})
        for each in entered:
            work.add(
                patient_rows,
                **each,
                clinic_id=clinic,
                locale="en",
                time_zone="Europe/Madrid",
                state="active",
                created_at=work.now,
            )
    return clinic


def test_every_name_is_readable_whenever_the_rotation_is_killed(
    house: House, database: Database, settings: Settings, clinic: UUID
) -> None:
    staff = Caller(CallerKind.STAFF, clinic_id=clinic, role=Role.CARE_MANAGER)
    random = Random(20261125)
    purposes = house.vault.key("cursors")
    below = [random.randrange(half * MANY // 2, (half + 1) * MANY // 2 - 500) for half in (1, 0)]
    new = _with(house, [NEW, *settings.masters])
    halfway = 0
    for left in below:
        with _rotating(settings) as process:
            while _left(new) > left and process.poll() is None:
                # Beside it, a patient is entered through a process that runs.
                with house.work(staff) as work:
                    patients.create(work, name="Olga", locale="en", time_zone="UTC")
                with suppress(subprocess.TimeoutExpired):
                    process.wait(0.1)
            os.kill(process.pid, signal.SIGKILL)
        halfway += 0 < _left(new) < MANY
        _everybody_is_readable(house, staff)
    assert halfway == len(below)

    with _rotating(settings) as process:
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert said.endswith("Nothing is under a former master key any more.\n")

    assert _left(new) == 0
    with_new = _with(house, [NEW])
    _everybody_is_readable(with_new, staff)
    assert with_new.vault.key("cursors") == purposes
    with pytest.raises(WrongMasterKey):
        Vault(settings.masters, os.urandom, database).root()
    _nothing_opens_with(settings.masters[0], with_new)


def _with(house: House, masters: list[bytes]) -> House:
    """The house of a process that was given these master keys and has read nothing yet."""
    return replace(house, clock=SystemClock(), vault=Vault(masters, os.urandom, house.database))


@contextmanager
def _rotating(settings: Settings) -> Iterator[subprocess.Popen[str]]:
    given = environment(settings) | {
        "INTERLUDE_MASTER_KEY": base64.b64encode(NEW).decode(),
        "INTERLUDE_FORMER_MASTER_KEYS": settings.master_key.get_secret_value(),
    }
    command = [sys.executable, "-m", "diary", "rotate-master-key"]
    with subprocess.Popen(command, env=given, cwd=_ROOT, stdout=-1, text=True) as process:
        yield process


def _left(house: House) -> int:
    """How many data keys are under the former master key."""
    with house.work(OPERATOR, write=False) as work:
        return rotation.look(work).data_keys


def _everybody_is_readable(house: House, staff: Caller) -> None:
    with _with(house, list(house.vault.masters.values())).work(staff, write=False) as work:
        found = patients.all_opened(work, work.rows(patients.visible(work)))
    assert len(found) > MANY
    assert {each.name for each in found} == {f"Patient {number}" for number in range(MANY)} | {
        "Olga"
    }


def _nothing_opens_with(master: bytes, house: House) -> None:
    with house.work(OPERATOR, write=False) as work:
        wrapped = [
            (row.wrapped, place("root_secret.wrapped", None, None))
            for row in work.rows(select(root_secret))
        ]
        wrapped += [
            (row.wrapped, place(CLINIC_KEY_PLACE, row.clinic_id, row.id))
            for row in work.rows(select(clinic_keys))
        ]
    assert len(wrapped) == 2
    for each in wrapped:
        with pytest.raises(InvalidTag):
            decrypt(master, *each)
