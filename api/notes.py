"""Notes: what patients wrote, until somebody has read it."""

from uuid import UUID

from flask_restx import Namespace, Resource

from api.operation import operation
from api.paging import Found, Page
from diary.access.permissions import Scope
from diary.checkins import notes as noting
from diary.checkins.model import notes
from diary.errors import NotFound
from diary.patients.service import OnlyReading
from diary.work import Work
from schemas.notes import NoteFilter, NoteView

ns = Namespace("notes", "Notes", path="/v1")


@ns.route("/notes")
class Notes(Resource):
    """The notes of every patient whom the caller can see."""

    @operation(scope=Scope.CHECK_INS_READ, query=NoteFilter, returns=NoteView, page=True)
    def get(self, work: Work, query: dict[str, str | None], page: Page) -> Found:
        """List the notes, the last received first; `unread=true`: what nobody has read yet."""
        wanted = {None: None, "true": True, "false": False}[query["unread"]]
        return page.read(
            work,
            noting.visible(work, unread=wanted),
            notes.c.received_at,
            notes.c.id,
            shown=lambda row: noting.opened(work, row),
        )


@ns.route("/patients/<uuid:patient_id>/notes")
class PatientNotes(Resource):
    """A patient's notes."""

    @operation(scope=Scope.CHECK_INS_READ, returns=NoteView, page=True, raises=(NotFound,))
    def get(self, work: Work, patient_id: UUID, page: Page) -> Found:
        """List a patient's notes, the last received first."""
        return page.read(
            work,
            noting.of_patient(work, patient_id),
            notes.c.received_at,
            notes.c.id,
            shown=lambda row: noting.opened(work, row),
        )


@ns.route("/patients/<uuid:patient_id>/notes/<uuid:note_id>/read")
class ReadNote(Resource):
    """That somebody has read a note."""

    @operation(scope=Scope.NOTES_WRITE, returns=NoteView, raises=(NotFound, OnlyReading))
    def put(self, work: Work, patient_id: UUID, note_id: UUID) -> noting.Note:
        """Say that you read a note. Who was the first stays."""
        return noting.mark_read(work, patient_id, note_id)
