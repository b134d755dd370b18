"""An authenticator app on a member's phone."""

from dataclasses import dataclass, field

import pyotp

from tests.clock import SimulatedClock

STEP = 30


@dataclass
class App:
    """Codes by the clock of the tests; each is shown once, and time passes until the next."""

    clock: SimulatedClock
    secret: str
    shown: set[str] = field(default_factory=set)

    def present(self, *, ahead: int = 0) -> str:
        """The code of now, or of a step later or earlier."""
        now = int(self.clock.now().timestamp()) + ahead * STEP
        return pyotp.TOTP(self.secret).at(now)

    def code(self) -> str:
        """A code that was not shown before."""
        while (code := self.present()) in self.shown:
            self.clock.advance(seconds=STEP)
        self.shown.add(code)
        return code
