"""Health, as a load balancer reads it."""

from schemas.base import View
from schemas.fields import Items, Part, Text, Word


class HealthView(View):
    """All is well; otherwise the status is 503."""

    status = Word(["ok"])


class ReasonView(View):
    """One thing that is wrong."""

    code = Text(metadata={"description": "Stable."})
    text = Text(metadata={"description": "For a person."})


class EscalationView(View):
    """Alerts climb and arrive; otherwise the status is 503 and the problem has `reasons`."""

    status = Word(["ok"])
    warnings = Items(Part(ReasonView))
