"""The kinds of shape on the wire: what is sent, what is asked for, what is shown."""

from typing import Any, ClassVar

from marshmallow import EXCLUDE, RAISE, Schema, fields, validate

from schemas.fields import NOT_AN_OBJECT

_OF_BODY = {"unknown": "unknown_field: there is no such field", "type": NOT_AN_OBJECT}
_OF_QUERY = {"unknown": "unknown_parameter: there is no such parameter", "type": NOT_AN_OBJECT}


class Body(Schema):
    """What a caller sends: a member that the shape does not know is refused."""

    error_messages = _OF_BODY

    class Meta:
        unknown = RAISE


class Query(Body):
    """What may stand in a query string. Every value arrives as text."""

    error_messages = _OF_QUERY


class Form(Body):
    """A form of OAuth, which must ignore what it does not know (RFC 6749, 3.2)."""

    class Meta:
        unknown = EXCLUDE


class View(Schema):
    """What a caller is shown, through `schemas.dump.dumper`. Every field is always there.

    omit_when_none: the fields that are left out rather than null. names_patient: the field that
    says whom it is about, for the trace that reading leaves.
    """

    omit_when_none: ClassVar[frozenset[str]] = frozenset()
    names_patient: ClassVar[str] = "patient_id"

    class Meta:
        unknown = EXCLUDE

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        field_obj.required = field_name not in self.omit_when_none
        # How long an input may be says nothing of what is shown.
        _unmeasured(field_obj)
        if isinstance(field_obj, fields.List):
            _unmeasured(field_obj.inner)


def _unmeasured(field: fields.Field[Any]) -> None:
    field.validators = [
        check for check in field.validators if not isinstance(check, validate.Length)
    ]
