"""The care team of a patient, and how somebody else gets to read the record."""

from typing import Any
from uuid import UUID

from flask_restx import Namespace, Resource

from api.operation import operation
from api.paging import Found, Page
from diary.access.permissions import Scope
from diary.errors import NotFound
from diary.patients import break_glass, service, team
from diary.patients.break_glass import AlreadyVisible
from diary.patients.model import break_glass as table
from diary.patients.service import OnlyReading
from diary.webhooks.break_glass import begin
from diary.work import Work
from schemas.care_team import BreakGlassDraft, BrokenGlassView, CareTeamView

ns = Namespace("care-teams", "Who cares for whom", path="/v1")


@ns.route("/patients/<uuid:patient_id>/care-team")
class CareTeam(Resource):
    """The clinicians of a patient."""

    @operation(scope=Scope.PATIENTS_READ, returns=CareTeamView, raises=(NotFound,))
    def get(self, work: Work, patient_id: UUID) -> team.CareTeam:
        """Read who is on the patient's care team."""
        service.require(work, patient_id)
        return team.of_patient(work, patient_id)


@ns.route("/patients/<uuid:patient_id>/care-team/<uuid:staff_id>")
class CareTeamMember(Resource):
    """One clinician of a patient."""

    @operation(
        scope=Scope.PATIENTS_WRITE,
        returns=CareTeamView,
        raises=(NotFound, OnlyReading),
    )
    def put(self, work: Work, patient_id: UUID, staff_id: UUID) -> team.CareTeam:
        """Put an active clinician on the care team; the answer is the team.

        For care managers, and for whoever is on it.
        """
        service.require(work, patient_id, change=True)
        team.add(work, patient_id, staff_id)
        return team.of_patient(work, patient_id)

    @operation(
        scope=Scope.PATIENTS_WRITE,
        returns=CareTeamView,
        raises=(NotFound, OnlyReading),
    )
    def delete(self, work: Work, patient_id: UUID, staff_id: UUID) -> team.CareTeam:
        """Take a clinician off the care team; the answer is who is left.

        It may be empty: then care managers alone see the patient, and whoever answers an alert.
        """
        service.require(work, patient_id, change=True)
        team.remove(work, patient_id, staff_id)
        return team.of_patient(work, patient_id)


@ns.route("/patients/<uuid:patient_id>/break-glass")
class PatientBreakGlass(Resource):
    """Reading a patient of somebody else."""

    @operation(
        scope=Scope.BREAK_GLASS,
        step_up=True,
        body=BreakGlassDraft,
        returns=BrokenGlassView,
        status=201,
        idempotent=True,
        raises=(NotFound, AlreadyVisible),
    )
    def post(self, work: Work, patient_id: UUID, body: dict[str, Any]) -> break_glass.BrokenGlass:
        """Read this patient's record for 60 minutes, and change nothing.

        It is announced at once to every active webhook, and care managers and auditors see who did
        it and why. For a clinician who cannot see the patient otherwise.
        """
        return begin(work, patient_id, **body)

    @operation(scope=Scope.BREAK_GLASS, status=204, raises=(NotFound,))
    def delete(self, work: Work, patient_id: UUID) -> None:
        """End it before the 60 minutes are over."""
        break_glass.end(work, patient_id)


@ns.route("/break-glass")
class BrokenGlasses(Resource):
    """Who read whom without being on the care team."""

    @operation(scope=Scope.BREAK_GLASS_READ, returns=BrokenGlassView, page=True)
    def get(self, work: Work, page: Page) -> Found:
        """List every glass that was broken in the clinic, the last first."""
        found = page.read(work, break_glass.of_clinic(work), table.c.begun_at, table.c.id)
        return Found(break_glass.all_opened(work, found.items), found.next_cursor)


@ns.route("/break-glass/<uuid:break_glass_id>")
class BrokenGlass(Resource):
    """One of them."""

    @operation(scope=Scope.BREAK_GLASS_READ, returns=BrokenGlassView, raises=(NotFound,))
    def get(self, work: Work, break_glass_id: UUID) -> break_glass.BrokenGlass:
        """Read who broke the glass, for whom, why and until when."""
        return break_glass.get(work, break_glass_id)
