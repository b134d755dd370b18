"""Every table of the house, for the migrations: importing this fills the metadata."""

from diary.access import model as access
from diary.alerts import model as alerts
from diary.audit import audit_events
from diary.checkins import model as checkins
from diary.columns import metadata
from diary.consents import model as consents
from diary.infusions import model as infusions
from diary.instruments import model as instruments
from diary.oncall import model as oncall
from diary.patients import model as patients
from diary.remembered import remembered_requests
from diary.rules import model as rules
from diary.safety import model as safety
from diary.schedule import model as schedule
from diary.trail import model as trail
from diary.watch import model as watch
from diary.webhooks import model as webhooks
from diary.wrapped import data_keys

__all__ = [
    "access",
    "alerts",
    "audit_events",
    "checkins",
    "consents",
    "data_keys",
    "infusions",
    "instruments",
    "metadata",
    "oncall",
    "patients",
    "remembered_requests",
    "rules",
    "safety",
    "schedule",
    "trail",
    "watch",
    "webhooks",
]
