"""Rehearsals of an alert."""

from schemas.base import Body, View
from schemas.fields import Id, SeverityWord


class DrillDraft(Body):
    """What to rehearse."""

    severity = SeverityWord(required=True)


class DrillView(View):
    """The alert of a drill. Whoever answers alerts finds it among them and resolves it."""

    alert_id = Id()
