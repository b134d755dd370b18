"""What more than one kind of test has its people do."""

from tests.cast import Patient


def put_out(patient: Patient) -> None:
    """An old refresh token of the patient's phone comes back: nobody can say who has the phone."""

    def refresh(token: str) -> tuple[int, str]:
        form = {"grant_type": "refresh_token", "refresh_token": token}
        answer = patient.api.form("/oauth/token", **form)
        return answer.status, answer.json.get("refresh_token", "")

    first = patient.grant.refresh_token or ""
    _, second = refresh(first)
    _, third = refresh(second)
    assert refresh(first)[0] == 401
    assert refresh(third)[0] == 401
