"""Patients whose time away is over → back in treatment."""

from typing import Final

from diary.checkins.states import bring_back
from diary.patients import states
from engine.each import Duty

DUTY: Final = Duty(
    "away",
    agenda=states.AGENDA,
    act=bring_back,
    look_failed="away.look-failed",
    act_failed="away.not-brought-back",
    id_name="patient_id",
)
