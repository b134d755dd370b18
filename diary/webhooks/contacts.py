"""How a member of the care team is reached in person: by mail, text message, chat or pager."""

import ipaddress
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, urlsplit
from uuid import UUID

from sqlalchemy import Row, select

from diary.access import staff
from diary.access.permissions import Scope
from diary.callers import CallerKind
from diary.errors import Conflict, FieldFault, Forbidden, Invalid, NotFound
from diary.settings import Settings
from diary.webhooks.addresses import LONGEST_URL, URL_CHARACTERS, AddressGuard, ForbiddenTarget
from diary.webhooks.endpoints import SEALED_AT
from diary.webhooks.model import endpoints
from diary.work import Work

# What reaches a person. Everything else Apprise knows is refused: some of it acts on this machine.
SCHEMES: Final = frozenset(
    """
    bulksms clicksend d7sms gchat mailto mailtos matrix matrixs msgbird msteams nexmo ntfy ntfys
    opsgenie pagerduty plivo pover signal signals sinch slack sns splunk tgram threema twilio
    victorops voipms vonage whatsapp workflows
    """.split()  # noqa: SIM905 a column of words
)
# For a gateway of the operator's own, at an address that the operator has admitted.
OPERATORS_OWN: Final = frozenset({"json", "jsons"})
# These go to a host of the writer's choice; the others to their service's own.
_CHOOSE_THEIR_HOST: Final = frozenset(
    {"mailto", "mailtos", "matrix", "matrixs", "ntfy", "ntfys", "signal", "signals", "workflows"}
)
# Of what may follow the `?`: others name files of this machine or change what is sent.
_ARGUMENTS: Final = frozenset(
    """
    batch cc channel device format from key method mode name pass priority region reply smtp sound
    source tags to token user
    """.split()  # noqa: SIM905 a column of words
)
_LOCAL_NAMES: Final = ("localhost", "local", "internal", "lan", "home.arpa")

# All the persons that an engine pages share its room for processes that send.
_MAX_IN_FLIGHT = 2


class ChannelsNotInstalled(Conflict):
    """The package that reaches people is optional, and is not installed."""

    code = "channels-not-installed"
    title = "This installation cannot reach people"


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact as it is shown: of the address, its scheme alone."""

    id: UUID
    staff_id: UUID
    scheme: str
    label: str | None
    state: str
    created_at: datetime
    version: int = 1


def check_address(settings: Settings, address: str) -> None:
    """Raise Invalid unless the address is one that reaches a person; ChannelsNotInstalled.

    Sends nothing. The first call of a process loads the package, so no transaction is open here.
    """
    guard = AddressGuard(settings.webhook_allowed_networks, settings.webhook_allow_http)
    try:
        _check_form(guard, settings, address)
    except ForbiddenTarget as refusal:
        raise _refused(refusal.code, str(refusal)) from None
    if not _channels()(address):
        raise _refused("url-malformed", "the address lacks something that its service needs")


def create(work: Work, staff_id: UUID, *, address: str, label: str | None) -> Contact:
    """Add a contact whose address was checked; raises NotFound, or Forbidden for someone else's."""
    require_own(work, staff_id)
    contact_id, clinic = work.new_id(), work.caller.clinic
    work.add(
        endpoints,
        clinic_id=clinic,
        id=contact_id,
        kind="contact",
        staff_id=staff_id,
        description=label,
        secret=work.vault.seal(address, place=SEALED_AT, clinic=clinic, row=contact_id),
        state="active",
        max_in_flight=_MAX_IN_FLIGHT,
        created_at=work.now,
    )
    work.audit("contact.created", "contact", contact_id, staff=str(staff_id))
    return Contact(contact_id, staff_id, _scheme(address), label, "active", work.now)


def of_member(work: Work, staff_id: UUID) -> list[Contact]:
    """A member's contacts that are in use, the oldest first; raises NotFound."""
    staff.require_member(work, staff_id, Scope.ALERTS_WRITE)
    rows = work.rows(
        select(endpoints)
        .where(
            endpoints.c.clinic_id == work.caller.clinic,
            endpoints.c.kind == "contact",
            endpoints.c.staff_id == staff_id,
            endpoints.c.state == "active",
        )
        .order_by(endpoints.c.id)
    )
    return [_shown(work, row) for row in rows]


def require_own(work: Work, staff_id: UUID) -> None:
    """Raises NotFound unless that member may answer alerts; Forbidden unless it is the caller, or
    the caller manages the care team."""
    staff.require_member(work, staff_id, Scope.ALERTS_WRITE)
    own = work.caller.kind is CallerKind.STAFF and work.caller.id == staff_id
    if not own and Scope.STAFF_WRITE not in work.caller.scopes:
        raise Forbidden


def require(work: Work, staff_id: UUID, contact_id: UUID) -> Contact:
    """A member's contact that is in use; raises NotFound."""
    for contact in of_member(work, staff_id):
        if contact.id == contact_id:
            return contact
    raise NotFound


def _shown(work: Work, row: Row[Any]) -> Contact:
    address = work.vault.open(row.secret, place=SEALED_AT, clinic=row.clinic_id, row=row.id)
    return Contact(
        row.id,
        row.staff_id,
        _scheme(address),
        row.description,
        row.state,
        row.created_at,
        row.version,
    )


def _scheme(address: str) -> str:
    return address.partition("://")[0].lower()


def _check_form(guard: AddressGuard, settings: Settings, address: str) -> None:
    if len(address) > LONGEST_URL:
        raise ForbiddenTarget("url-length", f"an address has at most {LONGEST_URL} characters")
    if not URL_CHARACTERS.match(address):
        raise ForbiddenTarget("url-characters", "an address has only the characters of RFC 3986")
    scheme, colon, rest = address.partition("://")
    scheme = scheme.lower()
    if not colon or scheme not in SCHEMES | OPERATORS_OWN:
        raise ForbiddenTarget("url-scheme", "this kind of address does not reach a person")
    if "#" in rest:
        raise ForbiddenTarget("url-fragment", "an address carries no fragment")
    try:
        # The scheme decides how urlsplit reads the rest: one for all.
        parts = urlsplit(f"https://{rest}")
        host = parts.hostname or ""
    except ValueError:
        raise ForbiddenTarget("url-malformed", "the address cannot be read") from None
    if parts.netloc.count("@") > 1:
        raise ForbiddenTarget("url-userinfo", "an @ in a user or password is written %40")
    arguments = parse_qsl(parts.query, keep_blank_values=True)
    if any(name.lower() not in _ARGUMENTS for name, _ in arguments):
        raise ForbiddenTarget("url-argument", "an argument after ? is not one that is taken")
    if scheme in OPERATORS_OWN:
        _check_operators_own(guard, settings, scheme, parts)
    elif scheme in _CHOOSE_THEIR_HOST:
        smtp = (value for name, value in arguments if name.lower() == "smtp")
        for chosen in filter(None, (host, *smtp)):
            _check_host(guard, chosen.lower())


def _check_host(guard: AddressGuard, host: str) -> None:
    guard.check_url(f"https://[{host}]/" if ":" in host else f"https://{host}/")
    name = host.removesuffix(".")
    if any(name == local or name.endswith(f".{local}") for local in _LOCAL_NAMES):
        raise ForbiddenTarget("url-host", "the host is a name of a local network")


def _check_operators_own(
    guard: AddressGuard, settings: Settings, scheme: str, parts: SplitResult
) -> None:
    plain = "https" if scheme == "jsons" else "http"
    guard.check_url(parts._replace(scheme=plain, query="").geturl())
    try:
        # An address, not a name: nothing looks again at where a name leads when it is sent to.
        address = ipaddress.ip_address(parts.hostname or "")
    except ValueError:
        address = None
    if not any(address in network for network in settings.webhook_allowed_networks if address):
        raise ForbiddenTarget("address", "the operator has not admitted this address")


def _channels() -> Callable[[str], object]:
    try:
        from apprise import Apprise  # noqa: PLC0415 optional, and slow to load
    except ImportError:
        raise ChannelsNotInstalled from None
    # It would log the address, which is a secret.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    instantiate: Callable[[str], object] = Apprise.instantiate
    return instantiate


def _refused(code: str, detail: str) -> Invalid:
    return Invalid(errors=[FieldFault("/address", code, detail)])
