"""What a phone may lack, on the wire."""

from diary.checkins.changes import Kind
from schemas.base import Query, View
from schemas.fields import Flag, Id, Instant, Int, Items, Part, Text


class ChangesQuery(Query):
    """Since when; everything, if it is left out."""

    since = Text(
        max=1_000,
        load_default=None,
        metadata={"description": "The `cursor` of the last answer."},
    )


class ChangeView(View):
    """Something that is kept of the patient."""

    kind = Text(metadata={"enum": list(Kind)})
    id = Id(
        metadata={"description": "As the phone made it; of what was set apart, the server's own."}
    )
    check_in_id = Id(metadata={"description": "Which check-in it is, amends, or was sent as."})
    received_at = Instant()


class ChangesView(View):
    """What the phone may lack. An entry may come twice; `more`: ask again at once."""

    entries = Items(Part(ChangeView), max=200)
    cursor = Text(max=1_000)
    more = Flag()
    crisis_pack = Text(metadata={"description": "The `version` of `/v1/me/crisis-pack`."})
    safety_plan = Int(
        allow_none=True,
        metadata={"description": "The `version` of `/v1/me/safety-plan`; null: there is none."},
    )
    schedule = Text(metadata={"description": "Changes with what `/v1/me/schedule` asks; opaque."})
