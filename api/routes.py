"""Every namespace of the API, in the order of its description."""

from flask_restx import Namespace

from api import (
    alerts,
    checkins,
    clients,
    clinic,
    crisis,
    deliveries,
    devices,
    endpoints,
    health,
    help,
    infusions,
    instruments,
    links,
    me,
    patients,
    policies,
    rules,
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
    links.ns,
    policies.ns,
    endpoints.ns,
    deliveries.ns,
    rules.ns,
    clinic.ns,
    staff.ns,
    sessions.ns,
    clients.ns,
    tokens.ns,
    health.ns,
)
