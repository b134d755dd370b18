"""What keeps a record from being erased."""

from diary.errors import Conflict


class AlertOpen(Conflict):
    """The patient has an open alert: somebody must answer it first."""

    code = "alert-open"
    title = "This patient has an open alert"


class NoErasureLedger(Conflict):
    """There is no ledger to write the erasure into, so a restored backup would undo it."""

    code = "no-erasure-ledger"
    title = "Nothing can be erased on this installation yet"
