"""How grave a finding or an alert is: one ordered scale for the whole house."""

from enum import IntEnum


class Severity(IntEnum):
    """Ordered from least to most grave; comparisons and `max` follow that order.

    low: next visit · moderate: next business day, at most 24 h · high: the same day,
    acknowledged within 1 h · critical: acknowledged within 15 min, contacted within 1 h.
    """

    LOW = 1
    MODERATE = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """The name on the wire: `low`, `moderate`, `high`, `critical`."""
        return self.name.lower()

    @classmethod
    def of(cls, word: str) -> "Severity":
        """The severity a wire word names; raises KeyError for any other word."""
        return cls[word.upper()]


def gravest(*severities: Severity | None) -> Severity | None:
    """The gravest of those that were found, None where none was."""
    return max((each for each in severities if each is not None), default=None)
