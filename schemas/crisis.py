"""Whom to call, as a phone is shown it."""

from schemas.base import Query, View
from schemas.fields import Country, Free, Items, Locale, Text
from schemas.fields import Part as _Part


class CrisisContactView(View):
    """One crisis line, as it is dialled inside its country."""

    name = Text()
    call = Text(allow_none=True, metadata={"description": "The number to call."})
    text = Text(allow_none=True, metadata={"description": "The number for a text message."})
    text_word = Text(allow_none=True, metadata={"description": "What to write in it first."})
    chat = Text(allow_none=True)
    web = Text(allow_none=True)
    hours = Text(allow_none=True, metadata={"description": "`24/7`, or the local hours."})
    languages = Items(Text())


class CrisisPackView(View):
    """Everything that helps without a network: numbers, lines and words."""

    version = Text(metadata={"description": "Changes whenever any word does."})
    country = Country()
    locale = Locale()
    texts = Free(keys=Text(), values=Text(max=1_000))
    emergency_numbers = Items(Text())
    contacts = Items(_Part(CrisisContactView))
    contacts_verified_on = Text(metadata={"format": "date"})


class CrisisPackQuery(Query):
    """Whose help, in which language."""

    country = Country(load_default=None)
    locale = Locale(load_default="en")
