"""Signed cursors: a place in what one caller reads, that serves nobody else and nowhere else."""

from hashlib import sha256
from typing import Any

import orjson
from itsdangerous import BadData, URLSafeSerializer

from diary.vault import Vault


def signer(vault: Vault, *about: Any) -> URLSafeSerializer:
    """Of cursors of one list. about: all that chooses it, and whose it is."""
    return URLSafeSerializer(
        vault.key("cursors"),
        salt=orjson.dumps(about, option=orjson.OPT_SORT_KEYS),
        signer_kwargs={"digest_method": sha256, "key_derivation": "hmac"},
    )


def signed(by: URLSafeSerializer, position: Any) -> str:
    """A position as a cursor."""
    written: str | bytes = by.dumps(position)
    return written if isinstance(written, str) else written.decode()


def position(by: URLSafeSerializer, cursor: str) -> Any:
    """The position of a cursor; raises BadData for any that was not given here."""
    found = by.loads(cursor)
    # Its last character has bits that nothing is read from.
    if signed(by, found) != cursor:
        raise BadData("written in another way")
    return found
