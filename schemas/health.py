"""Health, as a load balancer reads it."""

from schemas.base import View
from schemas.fields import Word


class HealthView(View):
    """All is well; otherwise the status is 503."""

    status = Word(["ok"])
