"""Rotas on the wire."""

from schemas.base import Body, Query, View
from schemas.clinic import PeriodDraft, PeriodView
from schemas.fields import Flag, Id, Instant, Items, Part, Text, Version, Zone


class ShiftDraft(PeriodDraft):
    """Who is on call in these hours of every week, in the rota's zone."""

    staff = Items(Id(), required=True, min=1, max=20)


class RotaDraft(Body):
    """A week of shifts. Between shifts nobody is on call."""

    name = Text(required=True, min=1)
    time_zone = Zone(required=True)
    shifts = Items(Part(ShiftDraft), required=True)
    told_to_patients = Flag(
        load_default=False,
        metadata={
            "description": "Whether patients are told these hours as those in which the team "
            "reads answers, in place of the clinic's."
        },
    )


class OverrideDraft(Body):
    """Who is on call between two moments instead of the shifts; nobody: the team is closed."""

    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    staff = Items(Id(), required=True, max=20)


class OnCallQuery(Query):
    """At which moment; now, if it is left out."""

    at = Instant(load_default=None)


class ShiftView(PeriodView):
    """One shift."""

    staff = Items(Id())


class OverrideView(View):
    """One override."""

    id = Id()
    starts_at = Instant()
    ends_at = Instant()
    staff = Items(Id())


class RotaView(View):
    """A rota."""

    id = Id()
    name = Text()
    time_zone = Zone()
    shifts = Items(Part(ShiftView))
    overrides = Items(Part(OverrideView))
    told_to_patients = Flag()
    version = Version()
    created_at = Instant()
    created_by = Id(allow_none=True)


class OnCallPersonView(View):
    """A member of the care team."""

    id = Id()
    name = Text(allow_none=True)


class OnCallView(View):
    """Who is on call at a moment; nobody where the list is empty."""

    at = Instant()
    until = Instant(
        allow_none=True,
        metadata={"description": "When others are; null where it is not within a week."},
    )
    staff = Items(Part(OnCallPersonView))
