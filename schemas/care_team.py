"""The care team of a patient, and glasses that were broken."""

from schemas.base import Body, View
from schemas.fields import Id, Instant, Items, Part, Text


class TeamMemberView(View):
    """A clinician on a patient's care team."""

    id = Id()
    name = Text()
    since = Instant()
    added_by = Id(
        allow_none=True, metadata={"description": "The member or program that said so, if any."}
    )


class CareTeamView(View):
    """A patient's care team, in the order they joined. It may be empty."""

    members = Items(Part(TeamMemberView))


class BreakGlassDraft(Body):
    """Why the record has to be read."""

    reason = Text(
        required=True,
        min=10,
        max=500,
        metadata={"description": "Care managers and auditors read it; no webhook carries it."},
    )


class BrokenGlassView(View):
    """A clinician who reads, or read, a patient of somebody else."""

    id = Id()
    patient_id = Id()
    patient_reference = Text()
    staff_id = Id()
    staff_name = Text()
    reason = Text(
        allow_none=True, metadata={"description": "None where the patient was erased since."}
    )
    begun_at = Instant()
    until = Instant(metadata={"description": "When it ends, or ended, by itself."})
    ended_at = Instant(allow_none=True, metadata={"description": "When it was given up before."})
