"""What was set apart and nobody has looked at for a day → told of again."""

from typing import Final

from diary.checkins import needs_review
from engine.each import Duty

DUTY: Final = Duty(
    "reviews",
    agenda=needs_review.AGENDA,
    act=needs_review.tell_again,
    look_failed="reviews.look-failed",
    act_failed="reviews.not-told",
    id_name="quarantine_id",
)
