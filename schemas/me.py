"""What a patient's app knows of its own patient."""

from schemas.base import View
from schemas.fields import Country, Id, Locale, Part, Text, Zone


class OwnClinicView(View):
    """The clinic, to be called."""

    name = Text()
    phone = Text(allow_none=True)
    country = Country()


class MeView(View):
    """The patient's own record."""

    id = Id()
    reference = Text()
    locale = Locale()
    time_zone = Zone()
    clinic = Part(OwnClinicView)
