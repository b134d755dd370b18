"""The questionnaires that the product can score, one module for each family. Pure."""

from collections.abc import Mapping
from typing import Final

from diary.instruments.profiles import Profile
from diary.instruments.scoring.asq import ASQ
from diary.instruments.scoring.cadss import CADSS
from diary.instruments.scoring.cssrs import CSSRS_SCREENER
from diary.instruments.scoring.gad import GAD_7
from diary.instruments.scoring.madrs import MADRS_S
from diary.instruments.scoring.phq import PHQ_2, PHQ_8, PHQ_9
from diary.instruments.scoring.qids import QIDS_SR16
from diary.instruments.scoring.sidas import SIDAS

_ALL = (PHQ_9, PHQ_8, PHQ_2, GAD_7, QIDS_SR16, MADRS_S, ASQ, CSSRS_SCREENER, SIDAS, CADSS)

PROFILES: Final[Mapping[str, Profile]] = {profile.slug: profile for profile in _ALL}
"""Every profile by its slug."""
