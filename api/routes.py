"""Every namespace of the API, in the order of its description."""

from flask_restx import Namespace

from api import (
    alerts,
    checkins,
    clients,
    clinic,
    crisis,
    devices,
    drills,
    endpoints,
    health,
    help,
    infusions,
    instruments,
    me,
    patients,
    policies,
    rules,
    scorecard,
    sessions,
    staff,
    tokens,
)

NAMESPACES: tuple[Namespace, ...] = (
    devices.ns,
    me.ns,
    checkins.ns,
    help.ns,
    crisis.ns,
    instruments.ns,
    patients.ns,
    infusions.ns,
    alerts.ns,
    policies.ns,
    drills.ns,
    endpoints.ns,
    rules.ns,
    scorecard.ns,
    clinic.ns,
    staff.ns,
    sessions.ns,
    clients.ns,
    tokens.ns,
    health.ns,
)
