"""What a patient is asked to agree to, each by itself."""

from enum import StrEnum


class Purpose(StrEnum):
    """treatment-diary: the diary is kept and the care team is alerted by it. disclosure: systems
    outside the clinic are told. research: what is exported with names and dates taken out."""

    TREATMENT_DIARY = "treatment-diary"
    DISCLOSURE = "disclosure"
    RESEARCH = "research"
