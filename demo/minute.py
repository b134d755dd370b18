"""The minute of copy-paste that the demo prints: lines that work one after the other."""

import json
from datetime import datetime, timedelta
from textwrap import fill
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from demo.story import ZONE

_CALM = {
    "mood": 6,
    "anxiety": 3,
    "dissociation_surroundings": 0,
    "dissociation_body": 0,
    "dissociation_time": 0,
    "dissociation_memory": 0,
    "si_gate": "no",
    "si_act": "no",
    "safe_now": "yes",
}
_RISK = _CALM | {"mood": 1, "anxiety": 8, "si_gate": "yes", "si": 4, "safe_now": "unsure"}

_MINUTE = r"""
# A token lasts ten minutes: these lines fetch fresh ones, whenever they are run again.
ALICE="Authorization: Bearer $(.venv/bin/python -m demo.token alice)"
BOB="Authorization: Bearer $(.venv/bin/python -m demo.token bob)"
API={api}; JSON='Content-Type: application/json'

# Alice, on a calm evening: 201, and the guidance level is "none". Her phone made the id, so that
# sending it again is harmless: 200, and the same receipt.
curl -sw '\n%{{http_code}}\n' -X PUT $API/v1/check-ins/{calm_id} -H "$ALICE" -H "$JSON" -d '
{calm}'

# Alice, with thoughts of suicide and some intent: 201, "care_team_told": true, and whom to call.
curl -sw '\n%{{http_code}}\n' -X PUT $API/v1/check-ins/{risk_id} -H "$ALICE" -H "$JSON" -d '
{risk}'

# The page, as the care team's own system got it: no name, no answer.
sleep 1; tail -n 1 {webhooks}

# Bob lists what is open.
curl -s "$API/v1/alerts?status=open" -H "$BOB" -o {alerts}; cat {alerts}; echo
pick() {{ .venv/bin/python -c "import json
print(json.load(open('{alerts}'))['items'][0]['$1'])"; }}

# "I have it": the paging stops, for as long as one acknowledgement holds.
curl -s $API/v1/alerts/$(pick id)/acknowledge -H "$BOB" -H "$JSON" \
  -d '{{"generation": '$(pick generation)'}}'; echo

# He has spoken to her. Resolving names the last event that he saw, so he looks once more.
curl -s "$API/v1/alerts?status=open" -H "$BOB" -o {alerts}
curl -s $API/v1/alerts/$(pick id)/resolve -H "$BOB" -H "$JSON" -d '{{"sequence": '$(pick sequence)',
  "outcome": "contacted-safe", "note": "Spoke with her; she is safe tonight."}}'; echo
"""


def minute(api: str, folder: str, now: datetime, calm_id: UUID, risk_id: UUID) -> str:
    """The lines, with ids and moments of this run. folder: the demo's, as a shell would name it."""
    recorded = now.astimezone(ZoneInfo(ZONE)).replace(microsecond=0)
    return _MINUTE.format(
        api=api,
        calm_id=calm_id,
        risk_id=risk_id,
        calm=_body(recorded - timedelta(minutes=10), _CALM),
        risk=_body(recorded, _RISK),
        webhooks=f"{folder}/webhooks.jsonl",
        alerts=f"{folder}/alerts.json",
    ).strip()


def _body(recorded_at: datetime, answers: dict[str, Any]) -> str:
    body = {
        "instrument": "daily-check-in",
        "version": "1.0.0",
        "locale": "en",
        "recorded_at": recorded_at.isoformat(),
        "sent_at": recorded_at.isoformat(),
        "time_zone": ZONE,
        "answers": answers,
    }
    # No value holds a blank, so that every line can end at one.
    return fill(json.dumps(body), 98, break_long_words=False, break_on_hyphens=False)
