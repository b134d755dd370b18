"""The vault as one transaction uses it: fields are sealed and opened under data keys.

A data key is read when it is first needed, so whoever seals nothing waits for nothing.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Connection, Row, and_, bindparam, select

from diary.columns import Id
from diary.errors import Conflict
from diary.vault import Vault, decrypt, encrypt
from diary.vault import place as place_of
from diary.wrapped import clinic_keys, data_keys

CLINIC_KEY_PLACE = "clinic_keys.wrapped"
DATA_KEY_PLACE = "data_keys.wrapped"
_KEYS = (
    select(
        data_keys,
        clinic_keys.c.wrapped.label("clinic_key"),
        clinic_keys.c.wrapped_by.label("master"),
    )
    .outerjoin(
        clinic_keys,
        and_(
            clinic_keys.c.clinic_id == data_keys.c.clinic_id,
            clinic_keys.c.id == data_keys.c.wrapped_by,
        ),
    )
    .where(
        data_keys.c.clinic_id == bindparam("clinic", type_=Id),
        data_keys.c.id.in_(bindparam("ids", type_=Id, expanding=True)),
    )
)


class PatientErased(Conflict):
    """The patient's key was destroyed: nothing of theirs can be opened or sealed any more."""

    code = "patient-erased"
    title = "This patient's record was erased"


class Sealing:
    """One transaction's view of the vault.

    The associated data of a sealed field is its place, so a value moved to another table, column,
    clinic or row does not open there.
    """

    def __init__(self, vault: Vault, connection: Connection) -> None:
        self.vault = vault
        self._connection = connection
        self._held: dict[tuple[UUID, UUID], bytes | None] = {}

    def key(self, purpose: str) -> bytes:
        """As `Vault.key`."""
        return self.vault.key(purpose)

    def blind_index(self, purpose: str, text: str) -> bytes:
        """As `Vault.blind_index`."""
        return self.vault.blind_index(purpose, text)

    def seal(
        self, text: str, *, place: str, clinic: UUID | None, row: UUID, patient: UUID | None = None
    ) -> bytes:
        """Encrypt one field. place: `table.column`. patient: whose it is; without one it is the
        clinic's, and without a clinic the installation's. Raises PatientErased."""
        key = self._key(clinic, patient)
        return encrypt(key, text.encode(), place_of(place, clinic, row), self.vault.random)

    def open(
        self,
        sealed: bytes,
        *,
        place: str,
        clinic: UUID | None,
        row: UUID,
        patient: UUID | None = None,
    ) -> str:
        """Decrypt one field; raises InvalidTag where it was altered or moved, PatientErased."""
        key = self._key(clinic, patient)
        return decrypt(key, sealed, place_of(place, clinic, row)).decode()

    def fetch(self, clinic: UUID, patients: Collection[UUID]) -> None:
        """Read the keys of many patients in one round trip, before their fields are opened."""
        ids = [patient for patient in patients if (clinic, patient) not in self._held]
        # Not through the work: what it has yet to write are no keys that this does not hold.
        for row in self._connection.execute(_KEYS, {"clinic": clinic, "ids": ids}):
            self._held[clinic, row.id] = None if row.wrapped is None else self._unwrapped(row)

    def is_erased(self, clinic: UUID, patient: UUID) -> bool:
        """Whether nothing of the patient can be opened any more."""
        return self._find(clinic, patient) is None

    def hold(self, clinic: UUID, owner: UUID, key: bytes | None) -> None:
        """Know a key that this transaction made; None: destroyed."""
        self._held[clinic, owner] = key

    def clinic_key(self, row: Row[tuple[object, ...]]) -> bytes:
        """A row of `clinic_keys`, unwrapped."""
        at = place_of(CLINIC_KEY_PLACE, row.clinic_id, row.id)
        return self.vault.unwrap(self.vault.master(row.wrapped_by), row.wrapped, at)

    def _key(self, clinic: UUID | None, patient: UUID | None) -> bytes:
        if clinic is None:
            return self.vault.key("sealed fields")
        found = self._find(clinic, clinic if patient is None else patient)
        if found is None:
            raise PatientErased
        return found

    def _find(self, clinic: UUID, owner: UUID) -> bytes | None:
        if (clinic, owner) not in self._held:
            self.fetch(clinic, (owner,))
        return self._held[clinic, owner]

    def _unwrapped(self, row: Row[tuple[object, ...]]) -> bytes:
        at = place_of(CLINIC_KEY_PLACE, row.clinic_id, row.wrapped_by)
        above = self.vault.unwrap(self.vault.master(row.master), row.clinic_key, at)
        at = place_of(DATA_KEY_PLACE, row.clinic_id, row.id)
        return self.vault.unwrap(above, row.wrapped, at)
