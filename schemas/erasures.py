"""Erasures."""

from diary.erasure.service import REASONS
from schemas.base import Body
from schemas.fields import Word


class ErasureDraft(Body):
    """Why a patient is erased; the audit trail keeps it."""

    reason = Word(REASONS, required=True)
