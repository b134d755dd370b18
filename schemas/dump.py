"""Turns what the house returns into what goes on the wire: a view compiled into one function.

marshmallow's own dump is thirty times slower than the JSON encoder behind it and never runs.
Ids and moments are left as they are: the encoder writes them.
"""

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any

from marshmallow import INCLUDE, Schema, fields

from diary.rules.explain import explain
from schemas.base import View
from schemas.fields import Explanation, SeverityWord

Dump = Callable[[Any], dict[str, Any]]
_Convert = Callable[[Any], Any]


def dumper(view: View | type[View]) -> Dump:
    """A function from a row, a dataclass or a mapping to a dict with the view's fields.

    A missing attribute is a defect and raises AttributeError (KeyError for a mapping), except
    that a mapping may lack what the view omits when it is None.
    """
    schema = view if isinstance(view, Schema) else view()
    if schema.unknown == INCLUDE:
        # What has a standard's shape is shown as it is.
        return dict
    names = {key: field.attribute or key for key, field in schema.fields.items()}
    keys = tuple(schema.fields[key].data_key or key for key in names)
    take = _taker(tuple(names.values()))
    omitted = [schema.fields[key].data_key or key for key in schema.omit_when_none]
    mapped = [
        (schema.fields[key].data_key or key, name, key in schema.omit_when_none)
        for key, name in names.items()
    ]
    converted = [
        (field.data_key or key, convert)
        for key, field in schema.fields.items()
        if (convert := _converter(field)) is not None
    ]

    def dump(value: Any) -> dict[str, Any]:
        if isinstance(value, Mapping):
            found = {key: value.get(name) if may else value[name] for key, name, may in mapped}
        else:
            found = dict(zip(keys, take(value), strict=True))
        for key, convert in converted:
            inner = found[key]
            if inner is not None:
                found[key] = convert(inner)
        for key in omitted:
            if found[key] is None:
                del found[key]
        return found

    return dump


def _taker(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    one = attrgetter(*names)
    return lambda value: (one(value),)


def _converter(field: fields.Field[Any]) -> _Convert | None:
    """What turns the field's value into wire form; None where it already is."""
    if isinstance(field, SeverityWord):
        return attrgetter("word")
    if isinstance(field, Explanation):
        return explain
    if isinstance(field, fields.Nested):
        nested = field.schema
        if not isinstance(nested, View):
            raise TypeError(f"{type(nested).__name__} is shown, but is no View")
        dump = dumper(nested)
        return _each(dump) if field.many else dump
    if isinstance(field, fields.List):
        return _each(_converter(field.inner))
    return None


def _each(convert: _Convert | None) -> _Convert:
    if convert is None:
        return list

    def every(values: Iterable[Any]) -> list[Any]:
        return [convert(value) for value in values]

    return every
