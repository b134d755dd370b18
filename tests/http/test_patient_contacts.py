"""How a patient is reached: entered by her or by her team, and read by whoever has her alert."""

from typing import Any

import pytest
from sqlalchemy import select

from diary.access.permissions import Role
from diary.callers import OPERATOR
from diary.patients.model import patient_contacts
from diary.work import House
from tests.cast import Cast
from tests.http.test_checkins import at_once

OWN = "/v1/me/contacts"
ANA: dict[str, Any] = {
    "name": "Ana",
    "relation": "sister",
    "phone": "+34 (600) 000-001 x12",
    "may_call": False,
}
CONTACTS = {
    "callback_phone": "600 000 000",
    "emergency": [ANA],
    "usual_location": "Harbour Street 4, second door",
}


def path(cast: Cast) -> str:
    return f"/v1/patients/{cast.alice.id}/contacts"


def test_the_patient_and_her_team_keep_them_together(cast: Cast) -> None:
    assert cast.alice.api.get(OWN).status == 404
    made = cast.alice.api.put(OWN, CONTACTS)
    assert made.status == 200
    assert made.json == CONTACTS | {
        "version": 1,
        "changed_at": "2026-03-02T09:00:00Z",
        "changed_by": "patient",
    }
    assert cast.bob.api.get(path(cast)).json == made.json
    agreed = CONTACTS | {"emergency": [ANA | {"may_call": True}]}
    changed = cast.bob.api.put(path(cast), agreed, if_match='"1"').json
    assert (changed["version"], changed["changed_by"]) == (2, "care-team")
    assert cast.alice.api.get(OWN).json == changed
    assert cast.alice.api.put(OWN, {}, if_match='"1"').code == "precondition-failed"
    emptied = cast.alice.api.put(OWN, {}, if_match='"2"').json
    assert (emptied["callback_phone"], emptied["emergency"], emptied["version"]) == (None, [], 3)


def test_of_two_who_enter_the_first_at_once_one_wins(cast: Cast) -> None:
    answers = at_once(lambda: cast.alice.api.put(OWN, CONTACTS))
    assert sorted({answer.status for answer in answers}) == [200, 428]
    assert [answer.status for answer in answers].count(200) == 1


def test_they_are_sealed(cast: Cast, house: House) -> None:
    cast.alice.api.put(OWN, CONTACTS)
    with house.work(OPERATOR, write=False) as work:
        (row,) = work.rows(select(patient_contacts))
    assert not any(part in bytes(row.details) for part in (b"Ana", b"600", b"Harbour"))


def test_whoever_has_her_alert_reads_them_and_nobody_else_does(cast: Cast) -> None:
    heidi = cast.join("Heidi", Role.CLINICIAN)
    cast.alice.api.put(OWN, CONTACTS)
    assert heidi.api.get(path(cast)).status == 404
    cast.alice.ask_for_help()
    (alert,) = heidi.alerts()
    heidi.acknowledge(alert)
    assert heidi.api.get(path(cast)).json["emergency"] == [ANA]
    assert heidi.api.put(path(cast), {}, if_match="*").code == "only-reading"
    assert cast.charlie.api.get(path(cast)).status == 404
    assert cast.erin.api.get(path(cast)).status == 403


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        ({"callback_phone": "call me"}, "/callback_phone"),
        ({"emergency": [ANA] * 6}, "/emergency"),
        ({"emergency": [{"name": "Ana", "phone": "600"}]}, "/emergency/0/may_call"),
        ({"usual_location": "x" * 501}, "/usual_location"),
        ({"address": "Harbour Street"}, "/address"),
    ],
)
def test_what_is_wrong_is_named(cast: Cast, sent: dict[str, Any], pointer: str) -> None:
    refused = cast.alice.api.put(OWN, sent)
    assert refused.status == 422
    assert [fault["pointer"] for fault in refused.json["errors"]] == [pointer]
