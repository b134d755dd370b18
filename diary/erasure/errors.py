"""What keeps a record from being erased, or from being noted as erased."""

from diary.errors import Busy, Conflict


class AlertOpen(Conflict):
    """The patient has an open alert: somebody must answer it first."""

    code = "alert-open"
    title = "This patient has an open alert"


class NoErasureLedger(Conflict):
    """There is no ledger to write the erasure into, so a restored backup would undo it."""

    code = "no-erasure-ledger"
    title = "Nothing can be erased on this installation yet"


class ErasureNotNoted(Busy):
    """The patient is erased, and the ledger may not say so yet; sending it again settles that."""

    code = "erasure-not-noted"
    title = "Erased, but not yet noted: send it again"
