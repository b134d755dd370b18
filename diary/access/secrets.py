"""Secrets that people carry: made once, shown once, kept as a hash."""

import base64
from hashlib import sha256

from diary.vault import RandomBytes

_BITS = 160


def code(random: RandomBytes) -> str:
    """160 random bits as 32 letters and digits in groups of four, fit for a QR code."""
    text = base64.b32encode(random(_BITS // 8)).decode()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def fingerprint(secret: str) -> bytes:
    """What is stored of a secret with full entropy; grouping and case do not matter."""
    return sha256(secret.replace("-", "").strip().upper().encode()).digest()


def client_key(random: RandomBytes) -> str:
    """An API client's key: `ilk_live_` and 256 random bits."""
    return "ilk_live_" + base64.urlsafe_b64encode(random(32)).rstrip(b"=").decode()


def key_fingerprint(key: str) -> bytes:
    """What is stored of an API client's key."""
    return sha256(key.encode()).digest()
