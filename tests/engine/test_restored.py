"""After a restore from a backup nobody knows what was answered since: everyone is asked anew."""

import pytest
from click.testing import CliRunner
from sqlalchemy import update

from diary.__main__ import cli
from diary.alerts.model import policies
from diary.callers import OPERATOR
from diary.clock import SystemClock
from diary.settings import Settings
from diary.work import House
from tests.cast import Cast
from tests.clock import SimulatedClock
from tests.conftest import MASTER_KEY
from tests.engine.steps import Wait
from tests.receiver import Receiver


@pytest.fixture(autouse=True)
def _at_the_machine(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator's shell; its commands run by the machine's own clock."""
    monkeypatch.setenv("INTERLUDE_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("INTERLUDE_MASTER_KEY", MASTER_KEY)
    monkeypatch.setenv("INTERLUDE_PUBLIC_URL", "https://diary.example")


def restored(receiver: Receiver, name: str) -> list[str]:
    """Which patients an endpoint was paged about anew. Months have passed by the machine's clock:
    of the silence since then it hears beside."""
    pages = [each.data for each in receiver.received(name)]
    return sorted(each["patient"] for each in pages if each.get("reason") == "restored")


def test_every_open_alert_pages_again_and_says_why(
    cast: Cast, receiver: Receiver, wait: Wait, clock: SimulatedClock
) -> None:
    ana, amy = cast.enrol("Ana"), cast.enrol("Amy")
    for patient in (cast.alice, ana, amy, cast.frank):
        patient.check_in(si=4, safe_now="yes")
    wait(minutes=5)
    by_patient = {each["patient_reference"]: each for each in cast.bob.alerts()}
    cast.bob.acknowledge(by_patient[ana.reference])
    cast.bob.resolve(by_patient[amy.reference])
    wait(seconds=0)
    receiver.clear()

    result = CliRunner().invoke(cli, ["restored"])
    assert (result.exit_code, result.output) == (
        0,
        "3 open alerts are paged again.\nThere is no erasure ledger: nobody is erased again.\n",
    )
    clock.set(SystemClock().now())
    wait(seconds=1)

    # Also those who were told of the first time; the other clinic hears of its own alone.
    again = sorted((cast.alice.reference, ana.reference))
    assert restored(receiver, "team") == restored(receiver, "on-call") == again
    assert restored(receiver, "elsewhere") == [cast.frank.reference]
    shown = cast.bob.alert(by_patient[ana.reference])
    assert shown["alert"]["status"] == "triggered"
    assert shown["acknowledged_by"] is None
    assert "restored" in {entry["kind"] for entry in shown["entries"]}
    assert cast.bob.acknowledge(by_patient[ana.reference]).status == 200


def test_an_alert_that_cannot_be_paged_again_keeps_no_other_from_it(
    cast: Cast, receiver: Receiver, wait: Wait, clock: SimulatedClock, house: House
) -> None:
    """The graver one comes first, and its policy cannot be read."""
    cast.frank.check_in(si=5)
    cast.alice.check_in(si=4, safe_now="yes")
    wait(seconds=0)
    receiver.clear()
    with house.work(OPERATOR) as work:
        theirs = policies.c.clinic_id == cast.other_clinic
        work.execute(update(policies).where(theirs).values(steps=["nonsense"]))

    result = CliRunner().invoke(cli, ["restored"])

    assert result.exit_code == 1, result.output
    assert "1 open alerts are paged again." in result.output
    assert "There is no erasure ledger" in result.output
    assert "1 more could not be paged again" in result.output
    assert "Failed to page again: alert " in result.output
    assert "nonsense" not in result.output
    clock.set(SystemClock().now())
    wait(seconds=1)
    assert restored(receiver, "team") == [cast.alice.reference]
