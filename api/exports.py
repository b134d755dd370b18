"""The whole record of a patient, page by page: for the patient, and for the care team."""

from uuid import UUID

from flask_restx import Namespace, Resource

from api.operation import operation
from api.paging import Found, Page
from diary.access.permissions import Scope
from diary.errors import NotFound
from diary.records import export
from diary.work import Work
from schemas.export import ExportItemView, OwnExportItemView

ns = Namespace("exports", "The record, to take along", path="/v1")


@ns.route("/me/export")
class OwnExport(Resource):
    """The patient's own record."""

    @operation(scope=Scope.ME_READ, returns=OwnExportItemView, page=True, write=True)
    def get(self, work: Work, page: Page) -> Found:
        """Export all that the patient gave and what was made of it.

        Follow `next_cursor` until it is null: a page can be short, or empty, before that.
        """
        return _read(work, work.caller.patient, page)


@ns.route("/patients/<uuid:patient_id>/export")
class PatientExport(Resource):
    """A patient's record."""

    @operation(
        scope=Scope.PATIENTS_EXPORT,
        returns=ExportItemView,
        page=True,
        write=True,
        step_up=True,
        raises=(NotFound,),
    )
    def get(self, work: Work, patient_id: UUID, page: Page) -> Found:
        """Export a patient's record, for a request that came on paper.

        As the patient's own export, with the notes of the care team. Follow `next_cursor` until it
        is null: a page can be short, or empty, before that.
        """
        return _read(work, patient_id, page)


def _read(work: Work, patient_id: UUID, page: Page) -> Found:
    part = export.read(work, patient_id, limit=page.limit, after=page.after)
    return page.found(part.items, part.next)
