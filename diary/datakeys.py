"""Keys are made with whom they are for, and one of them is destroyed with the patient's record."""

from uuid import UUID

from sqlalchemy import select, update

from diary.sealing import CLINIC_KEY_PLACE, DATA_KEY_PLACE
from diary.vault import KEY_BYTES, encrypt, place
from diary.work import Work
from diary.wrapped import clinic_keys, data_keys, root_secret


def for_clinic(work: Work, clinic_id: UUID) -> None:
    """Make a clinic's wrapping key and the key of its own fields, when it is founded."""
    # The master key that the root is under: the others are on their way in or out. Held, so that
    # a rotation sees this clinic or is seen by it.
    row = work.row(select(root_secret.c.wrapped_by).with_for_update(read=True))
    assert row is not None
    wrapping_key(work, clinic_id, master=row.wrapped_by)
    _make(work, clinic_id, clinic_id)


def for_patient(work: Work, clinic_id: UUID, patient_id: UUID) -> None:
    """Make a patient's key, when they are entered."""
    _make(work, clinic_id, patient_id)


def wrapping_key(work: Work, clinic_id: UUID, *, master: str) -> None:
    """Make the clinic a new active wrapping key, under the master key of that fingerprint."""
    vault, key_id = work.vault.vault, work.new_id()
    at = place(CLINIC_KEY_PLACE, clinic_id, key_id)
    made = work.random_bytes(KEY_BYTES)
    work.add(
        clinic_keys,
        clinic_id=clinic_id,
        id=key_id,
        wrapped=encrypt(vault.master(master), made, at, work.random_bytes),
        wrapped_by=master,
        active=True,
        created_at=work.now,
    )


def destroy(work: Work, clinic_id: UUID, patient_id: UUID) -> None:
    """Leave nothing of a patient's key; nothing sealed under it opens again. Done is done."""
    work.execute(
        update(data_keys)
        .where(
            data_keys.c.clinic_id == clinic_id,
            data_keys.c.id == patient_id,
            data_keys.c.destroyed_at.is_(None),
        )
        .values(wrapped=None, wrapped_by=None, destroyed_at=work.now)
    )
    work.vault.hold(clinic_id, patient_id, None)


def _make(work: Work, clinic_id: UUID, owner: UUID) -> None:
    # Held until the commit: a rotation that takes this wrapping key away waits, and finds the new
    # data key.
    above = work.row(
        select(clinic_keys)
        .where(clinic_keys.c.clinic_id == clinic_id, clinic_keys.c.active)
        .with_for_update(read=True, key_share=True)
    )
    assert above is not None
    made = work.random_bytes(KEY_BYTES)
    at = place(DATA_KEY_PLACE, clinic_id, owner)
    work.add(
        data_keys,
        clinic_id=clinic_id,
        id=owner,
        wrapped=encrypt(work.vault.clinic_key(above), made, at, work.random_bytes),
        wrapped_by=above.id,
    )
    work.vault.hold(clinic_id, owner, made)
