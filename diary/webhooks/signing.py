"""Standard Webhooks 1.0.0: the secrets, the signature and the headers of a message."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
SHORTEST_SECRET: Final = 24
LONGEST_SECRET: Final = 64
USER_AGENT: Final = "interlude"


def new_secret(random_bytes: Callable[[int], bytes]) -> str:
    """Return a fresh secret as the receiver's library takes it: whsec_ and base64."""
    secret = PREFIX + base64.b64encode(random_bytes(SECRET_BYTES)).decode("ascii")
    _key(secret)  # a source that returns too little must not become a weak secret
    return secret


def message_name(message: UUID) -> str:
    """Return the wire id of a message: the same at every attempt."""
    return f"msg_{message.hex}"


def sign(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> str:
    """Return one signature for each secret, separated by spaces; two secrets during a rotation."""
    if not secrets:
        raise ValueError("a message needs at least one secret")
    # A dot would move the border between the id and the timestamp under the same signature.
    if not message_id or not message_id.isascii() or not message_id.replace("_", "a").isalnum():
        raise ValueError("a message id is letters, digits and underscores")
    content = f"{message_id}.{timestamp:d}.".encode("ascii") + body
    return " ".join("v1," + _mac(_key(secret), content) for secret in secrets)


def headers(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers of one attempt; the timestamp is the attempt's, in whole seconds."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": f"{timestamp:d}",
        "webhook-signature": sign(secrets, message_id, timestamp, body),
        "content-type": "application/json",
        "user-agent": USER_AGENT,
    }


def _mac(key: bytes, content: bytes) -> str:
    return base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode("ascii")


def _key(secret: str) -> bytes:
    # No message repeats the secret: a ValueError ends in a log.
    if not secret.startswith(PREFIX):
        raise ValueError("a secret begins with whsec_")
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("a secret is base64 after whsec_") from None
    if not SHORTEST_SECRET <= len(key) <= LONGEST_SECRET:
        raise ValueError(f"a secret has {SHORTEST_SECRET} to {LONGEST_SECRET} bytes")
    return key
