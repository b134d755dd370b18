""" "I need help now": an alert without a check-in."""

from diary.alerts import locations
from diary.alerts.service import raise_alert
from diary.checkins import baselines
from diary.checkins.context import look
from diary.checkins.guide import guide
from diary.checkins.receipt import Outcome, Receipt
from diary.checkins.word import Word, spoke
from diary.rules.default import help_requested
from diary.rules.service import load
from diary.severity import Severity
from diary.work import Work


def ask_for_help(work: Work, *, location: str | None = None) -> Receipt:
    """The patient pressed "I need help now". location: where they are, if they said so."""
    help_id = work.new_id()
    context = look(work, help_id, work.now)
    found = (help_requested(),)
    in_force = load(work, context.patient.clinic_id, context.rule_set_id)
    # Whoever calls for help and then falls silent must not be waited for less than before.
    spoke(work, context, Word(help_id, work.now, Severity.CRITICAL, by_itself=True), in_force.waits)
    baselines.end(work, context.patient.id, baselines.Why.RISE)
    alert_id = raise_alert(work, context.patient, found, source="help", source_id=help_id)
    locations.keep(
        work,
        context.patient.id,
        alert_id,
        location,
        source="help",
        source_id=help_id,
        given_at=work.now,
    )
    work.audit("help.requested", "alert", alert_id or help_id)
    return Receipt(
        outcome=Outcome.RECORDED,
        id=help_id,
        received_at=work.now,
        care_team_told=True,
        guidance=guide(context.clinic, Severity.CRITICAL, locale=context.locale, now=work.now),
    )
