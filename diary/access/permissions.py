"""Who may do what: one table of role × scope. An operation names one scope; all else is denied.

Of whom one may is the third part: `diary.patients.relation`.
"""

from enum import StrEnum


class Role(StrEnum):
    """What a caller is to the clinic."""

    PATIENT = "patient"
    CLINICIAN = "clinician"
    CARE_MANAGER = "care-manager"
    CLINIC_ADMIN = "clinic-admin"
    AUDITOR = "auditor"
    CLIENT = "client"


STAFF_ROLES = (Role.CLINICIAN, Role.CARE_MANAGER, Role.CLINIC_ADMIN, Role.AUDITOR)


class Scope(StrEnum):
    """One permission. `me:*` is a patient's own record; the others are the care team's."""

    ME_READ = "me:read"
    ME_WRITE = "me:write"
    CLINIC_READ = "clinic:read"
    CLINIC_WRITE = "clinic:write"
    SESSION_WRITE = "session:write"
    STAFF_READ = "staff:read"
    STAFF_WRITE = "staff:write"
    CLIENTS_WRITE = "clients:write"
    PATIENTS_READ = "patients:read"
    PATIENTS_WRITE = "patients:write"
    BREAK_GLASS = "break-glass:write"
    BREAK_GLASS_READ = "break-glass:read"
    PATIENTS_ERASE = "patients:erase"
    INFUSIONS_WRITE = "infusions:write"
    COURSES_READ = "courses:read"
    COURSES_WRITE = "courses:write"
    ASSESSMENTS_WRITE = "assessments:write"
    CHECK_INS_READ = "check-ins:read"
    CHECK_INS_REVIEW = "check-ins:review"
    NOTES_WRITE = "notes:write"
    KNOWN_BASELINES_WRITE = "known-baselines:write"
    SAFETY_PLANS_READ = "safety-plans:read"
    SAFETY_PLANS_WRITE = "safety-plans:write"
    ALERTS_READ = "alerts:read"
    ALERTS_WRITE = "alerts:write"
    POLICIES_READ = "policies:read"
    POLICIES_WRITE = "policies:write"
    RULES_READ = "rules:read"
    RULES_WRITE = "rules:write"
    SCHEDULE_PLANS_READ = "schedule-plans:read"
    SCHEDULE_PLANS_WRITE = "schedule-plans:write"
    ENDPOINTS_READ = "endpoints:read"
    ENDPOINTS_WRITE = "endpoints:write"
    PATIENTS_EXPORT = "patients:export"
    LEGAL_HOLDS_WRITE = "legal-holds:write"
    CONSENT_TEXTS_WRITE = "consent-texts:write"
    INSTRUMENTS_READ = "instruments:read"
    INSTRUMENTS_WRITE = "instruments:write"
    SCORECARD_READ = "scorecard:read"
    AUDIT_READ = "audit:read"


_CLINICAL = frozenset(
    {
        Scope.CLINIC_READ,
        Scope.STAFF_READ,
        Scope.PATIENTS_READ,
        Scope.PATIENTS_WRITE,
        Scope.INFUSIONS_WRITE,
        Scope.COURSES_READ,
        Scope.COURSES_WRITE,
        Scope.CHECK_INS_READ,
        Scope.NOTES_WRITE,
        Scope.SAFETY_PLANS_READ,
        Scope.SAFETY_PLANS_WRITE,
        Scope.ALERTS_READ,
        Scope.ALERTS_WRITE,
        Scope.POLICIES_READ,
        Scope.RULES_READ,
        Scope.SCHEDULE_PLANS_READ,
        Scope.ENDPOINTS_READ,
        Scope.INSTRUMENTS_READ,
        Scope.SCORECARD_READ,
    }
)

# A person has to look: no program says in their place what an answer was meant to be.
_BY_A_PERSON = frozenset({Scope.CHECK_INS_REVIEW})

# What the session of a member without a second factor is good for: setting one up, and signing out.
# A client has it not: its only session is its registration, which its administrator ends.
SET_UP = frozenset({Scope.SESSION_WRITE})

SCOPES_OF: dict[Role, frozenset[Scope]] = {
    Role.PATIENT: frozenset({Scope.ME_READ, Scope.ME_WRITE, Scope.INSTRUMENTS_READ}),
    Role.CLINICIAN: _CLINICAL
    | _BY_A_PERSON
    | SET_UP
    | {Scope.BREAK_GLASS, Scope.KNOWN_BASELINES_WRITE, Scope.ASSESSMENTS_WRITE},
    Role.CARE_MANAGER: _CLINICAL
    | _BY_A_PERSON
    | SET_UP
    | {
        Scope.POLICIES_WRITE,
        Scope.RULES_WRITE,
        Scope.SCHEDULE_PLANS_WRITE,
        Scope.BREAK_GLASS_READ,
        Scope.CONSENT_TEXTS_WRITE,
        Scope.PATIENTS_EXPORT,
        Scope.LEGAL_HOLDS_WRITE,
    },
    # An administrator runs the clinic and reads no clinical record. Whoever treats must not be able
    # to destroy what shows how; to erase someone, nothing has to be read of them.
    Role.CLINIC_ADMIN: SET_UP
    | frozenset(
        {
            Scope.PATIENTS_ERASE,
            Scope.CLINIC_READ,
            Scope.CLINIC_WRITE,
            Scope.STAFF_READ,
            Scope.STAFF_WRITE,
            Scope.CLIENTS_WRITE,
            Scope.POLICIES_READ,
            Scope.POLICIES_WRITE,
            Scope.RULES_READ,
            Scope.SCHEDULE_PLANS_READ,
            Scope.ENDPOINTS_READ,
            Scope.ENDPOINTS_WRITE,
            Scope.CONSENT_TEXTS_WRITE,
            Scope.INSTRUMENTS_READ,
            Scope.INSTRUMENTS_WRITE,
            Scope.SCORECARD_READ,
        }
    ),
    Role.AUDITOR: SET_UP
    | {Scope.CLINIC_READ, Scope.SCORECARD_READ, Scope.BREAK_GLASS_READ, Scope.AUDIT_READ},
    # The most that a client can be given; each client holds the part its administrator chose.
    Role.CLIENT: _CLINICAL,
}
