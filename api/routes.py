"""Every namespace of the API, in the order of its description."""

from flask_restx import Namespace

from api import (
    alerts,
    checkins,
    clients,
    clinic,
    contacts,
    crisis,
    devices,
    endpoints,
    health,
    help,
    infusions,
    instruments,
    me,
    patients,
    policies,
    rotas,
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
    policies.ns,
    rotas.ns,
    endpoints.ns,
    rules.ns,
    clinic.ns,
    staff.ns,
    contacts.ns,
    sessions.ns,
    clients.ns,
    tokens.ns,
    health.ns,
)
