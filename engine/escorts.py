"""Infusions whose way home is not arranged a day ahead → told."""

from typing import Final

from diary.infusions import escorts
from diary.webhooks.escorts import tell_when_due
from engine.each import Duty

DUTY: Final = Duty(
    "escorts",
    agenda=escorts.AGENDA,
    act=tell_when_due,
    look_failed="escorts.look-failed",
    act_failed="escorts.not-told",
    id_name="infusion_id",
)
