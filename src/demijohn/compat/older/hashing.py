"""Comparing and deriving secrets."""

import hashlib
import hmac
from typing import Any


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


def safe_str_cmp(a: str | bytes, b: str | bytes) -> bool:
    """Tell whether two texts are equal, in a time that does not depend on where they differ."""
    return hmac.compare_digest(_bytes(a), _bytes(b))


def pbkdf2_bin(
    data: str | bytes, salt: str | bytes, iterations: int = 260000, keylen: int | None = None, hashfunc: Any = None
) -> bytes:
    """Return the key that PBKDF2 derives, of `keylen` bytes, by default of the hash's length; the hash is SHA-256."""
    # Any: a name, or a function of hashlib
    name = hashfunc if isinstance(hashfunc, str) else hashfunc().name if callable(hashfunc) else "sha256"
    return hashlib.pbkdf2_hmac(name, _bytes(data), _bytes(salt), iterations, keylen)


def pbkdf2_hex(
    data: str | bytes, salt: str | bytes, iterations: int = 260000, keylen: int | None = None, hashfunc: Any = None
) -> str:
    """Return `pbkdf2_bin` in hexadecimal digits."""
    return pbkdf2_bin(data, salt, iterations, keylen, hashfunc).hex()
