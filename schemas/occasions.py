"""When something of a treatment was or will be."""

from datetime import datetime
from typing import Any

from marshmallow import ValidationError

from schemas.fields import Instant


class Occasion(Instant):
    """A moment that a person enters: one of another century is a slip, and cannot be reckoned
    with."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> datetime:
        moment = super()._deserialize(value)
        if not 1900 <= moment.year < 2200:
            raise ValidationError("out_of_range: a moment of the years 1900 to 2199 is needed")
        return moment
