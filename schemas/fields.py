"""The fields that every wire shape is made of: strict, and silent about the values they refuse.

Every message has the form `code: sentence`; `api/problems.py` takes the two apart.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, Never
from uuid import UUID
from zoneinfo import available_timezones

from marshmallow import ValidationError, fields, validate
from marshmallow.types import ErrorMessages

from diary.severity import Severity

_SMALLEST, _LARGEST = -(2**31), 2**31 - 1
_RFC3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
NOT_AN_OBJECT = "wrong_type: an object is needed"


def _messages(coded: dict[str, str]) -> ErrorMessages:
    return {**coded}


class _Coded(fields.Field[Any]):
    default_error_messages = _messages(
        {
            "required": "required: this field is needed",
            "null": "null: this field cannot be null",
            "validator_failed": "invalid: this value is not acceptable",
            "wrong_type": "wrong_type: this is not of the right type",
            "invalid_format": "invalid_format: this does not have the right form",
            "invalid_choice": "invalid_choice: this is none of the possible values",
        }
    )

    def _refuse(self, key: str) -> Never:
        raise self.make_error(key)


class Int(_Coded, fields.Integer):
    """A whole number of 32 bits; `1.9`, `"1"` and `true` are none."""

    default_error_messages = _messages(
        {
            "wrong_type": "wrong_type: a whole number is needed",
            "out_of_range": "out_of_range: this number is too large",
        }
    )

    def __init__(self, *, min: int | None = None, max: int | None = None, **more: Any) -> None:
        least, most = (_SMALLEST if min is None else min), (_LARGEST if max is None else max)
        message = f"out_of_range: a whole number from {least} to {most} is needed"
        super().__init__(validate=validate.Range(min, max, error=message), **more)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        if type(value) is not int:
            self._refuse("wrong_type")
        # A column would refuse more in the middle of a transaction.
        return value if _SMALLEST <= value <= _LARGEST else self._refuse("out_of_range")


class TextInt(Int):
    """A whole number as it stands in a query string."""

    def _deserialize(self, value: Any, *rest: Any, **more: Any) -> int:
        if not re.fullmatch(r"-?\d{1,10}", value, re.ASCII):
            self._refuse("wrong_type")
        return super()._deserialize(int(value), *rest, **more)


class Number(_Coded, fields.Float):
    """A finite number; text and `true` are none."""

    default_error_messages = _messages({"wrong_type": "wrong_type: a number is needed"})

    def __init__(self, *, min: float, max: float, **more: Any) -> None:
        message = f"out_of_range: a number from {min:g} to {max:g} is needed"
        super().__init__(validate=validate.Range(min, max, error=message), **more)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> float:
        return float(value) if type(value) in (int, float) else self._refuse("wrong_type")


class Text(_Coded, fields.String):
    """Text as it was written, nothing stripped. Lone surrogates and U+0000 are refused.

    min, max: in characters. pattern: what the whole text must match.
    """

    default_error_messages = _messages(
        {
            "wrong_type": "wrong_type: text is needed",
            "invalid_text": "invalid_text: this contains a character that cannot be stored",
        }
    )

    def __init__(
        self, *, min: int = 0, max: int = 200, pattern: str | None = None, **more: Any
    ) -> None:
        checks: list[validate.Validator] = [
            validate.Length(max=max, error=f"too_long: at most {max} characters")
        ]
        if min:
            checks.append(validate.Length(min=min, error=f"too_short: at least {min} characters"))
        if pattern:
            message = "invalid_format: this does not have the right form"
            # `$` would let a line feed through at the end.
            checks.append(validate.Regexp(rf"(?:{pattern})\Z", re.ASCII, error=message))
            # JSON Schema knows no \Z.
            about = {"pattern": f"^(?:{pattern})$"}
            more["metadata"] = about | dict(more.get("metadata", {}))
        super().__init__(validate=checks, **more)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if type(value) is not str:
            self._refuse("wrong_type")
        if "\0" in value or not _is_unicode(value):
            self._refuse("invalid_text")
        return value


class Flag(_Coded, fields.Boolean):
    """`true` or `false`, not words or numbers for them."""

    default_error_messages = _messages({"wrong_type": "wrong_type: true or false is needed"})

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        return value if type(value) is bool else self._refuse("wrong_type")


class Instant(_Coded, fields.DateTime):
    """A moment, RFC 3339 with its offset; loads as an aware datetime."""

    default_error_messages = _messages(
        {"invalid_format": "invalid_format: a date and time with an offset is needed (RFC 3339)"}
    )

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> datetime:
        if type(value) is not str or not _RFC3339.fullmatch(value):
            self._refuse("invalid_format")
        try:
            moment = datetime.fromisoformat(value.upper())
            # A moment that UTC cannot express would fail later, in the database.
            moment.astimezone(UTC)
        except (ValueError, OverflowError):
            self._refuse("invalid_format")
        return moment


class Day(_Coded, fields.Date):
    """A day, `YYYY-MM-DD`."""

    default_error_messages = _messages(
        {"invalid_format": "invalid_format: a day is needed (YYYY-MM-DD)"}
    )

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> date:
        if type(value) is not str or not _DAY.fullmatch(value):
            self._refuse("invalid_format")
        try:
            return date.fromisoformat(value)
        except ValueError:
            self._refuse("invalid_format")


class Moment(Instant):
    """A moment, or a day: RFC 3339 or `YYYY-MM-DD`; a day loads as a date."""

    default_error_messages = _messages(
        {"invalid_format": "invalid_format: a day, or a date and time with an offset, is needed"}
    )

    def _deserialize(self, value: Any, *rest: Any, **more: Any) -> Any:
        if type(value) is not str or not _DAY.fullmatch(value):
            return super()._deserialize(value, *rest, **more)
        try:
            return date.fromisoformat(value)
        except ValueError:
            self._refuse("invalid_format")


class Id(_Coded, fields.UUID):
    """A UUID in its usual form."""

    default_error_messages = _messages({"invalid_format": "invalid_format: a UUID is needed"})

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> UUID:
        if type(value) is not str or not _UUID.fullmatch(value):
            self._refuse("invalid_format")
        return UUID(value)


class Zone(Text):
    """A time zone by its IANA name, such as `Europe/Madrid`."""

    default_error_messages = _messages(
        {"invalid_choice": "invalid_choice: an IANA time zone such as Europe/Madrid is needed"}
    )

    def __init__(self, **more: Any) -> None:
        super().__init__(min=1, max=64, **more)

    def _deserialize(self, value: Any, *rest: Any, **more: Any) -> str:
        name = super()._deserialize(value, *rest, **more)
        return name if name in _zones() else self._refuse("invalid_choice")


class Email(Text):
    """An e-mail address, checked for its form alone."""

    def __init__(self, **more: Any) -> None:
        pattern = r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]+\.[^@\s\x00-\x1f.]+"
        about = {"format": "email"} | dict(more.pop("metadata", {}))
        super().__init__(min=3, max=254, pattern=pattern, metadata=about, **more)


class Version(Int):
    """Which version of a thing is shown: in quotes it is its entity tag."""

    def __init__(self, **more: Any) -> None:
        about = {"description": "For `If-Match`, in quotes."}
        super().__init__(min=1, metadata=about, **more)


class Country(Text):
    """A country, ISO 3166 alpha-2."""

    def __init__(self, **more: Any) -> None:
        super().__init__(max=2, pattern="[A-Z]{2}", **more)


class Locale(Text):
    """A language, perhaps with a region: BCP 47, such as `es` or `pt-BR`."""

    def __init__(self, **more: Any) -> None:
        super().__init__(min=2, max=16, pattern="[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", **more)


class Word(_Coded, fields.String):
    """One of a few words; loads as the member where they are an enum's."""

    def __init__(self, words: type[StrEnum] | Iterable[str], **more: Any) -> None:
        self._members: Mapping[str, str] = {str(word): word for word in words}
        choices = list(self._members)
        self._message = f"invalid_choice: one of these is needed: {', '.join(choices)}"
        super().__init__(validate=validate.OneOf(choices, error=self._message), **more)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if type(value) is not str or value not in self._members:
            raise ValidationError(self._message)
        return self._members[value]


class SeverityWord(_Coded, fields.String):
    """A severity by its word on the wire."""

    def __init__(self, **more: Any) -> None:
        words: list[str | None] = [severity.word for severity in Severity]
        # As marshmallow has it: what is None by default may be None.
        if more.get("allow_none", more.get("load_default", 0) is None):
            words.append(None)
        # For the description alone: loading has already refused any other word.
        super().__init__(metadata={"enum": words} | more.pop("metadata", {}), **more)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        try:
            if type(value) is str and value.islower():
                return Severity.of(value)
        except KeyError:
            pass
        return self._refuse("invalid_choice")


class Explanation(Text):
    """What made a rule fire, which is kept as evidence, in words."""


class Part(_Coded, fields.Nested):
    """An object within an object."""

    default_error_messages = _messages({"type": NOT_AN_OBJECT})


class Items(_Coded, fields.List[Any]):
    """A list. max: the most entries it may have."""

    default_error_messages = _messages({"invalid": "wrong_type: a list is needed"})

    def __init__(
        self, inner: fields.Field[Any], *, min: int = 0, max: int = 100, **more: Any
    ) -> None:
        checks = [validate.Length(max=max, error=f"too_many: at most {max} entries")]
        if min:
            checks.append(validate.Length(min=min, error=f"too_few: at least {min} entries"))
        super().__init__(inner, validate=checks, **more)


class Free(_Coded, fields.Dict):
    """An object of any shape."""

    default_error_messages = _messages({"invalid": NOT_AN_OBJECT})


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
