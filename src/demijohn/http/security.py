"""Passwords and paths: hashes to store, comparing in constant time, joining paths that come from outside.

Pure functions; any thread. Hashing takes tens of milliseconds of one core on purpose.
"""

import hashlib
import hmac
import os
import posixpath
import re
import secrets
import string
import unicodedata
from itertools import repeat
from typing import Final

DEFAULT_PBKDF2_ITERATIONS: Final = 1_000_000

SALT_CHARS: Final = string.ascii_letters + string.digits
"""What salts are made of."""

_os_alt_seps: Final = [separator for separator in (os.sep, os.altsep) if separator not in {None, "/"}]
"""What separates paths on this system besides `/`. COMPAT: the name is Werkzeug's; tests replace it."""

# Windows takes the superscripts one, two and three for the digits.
_PORT_NUMBERS: Final = "0123456789\xb9\xb2\xb3"

_WINDOWS_DEVICES: Final = frozenset({"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}).union(
    f"{port}{number}" for port in ("COM", "LPT") for number in _PORT_NUMBERS
)
"""Names that are devices in every folder on Windows, whatever the extension."""

_PLAIN_PATH: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*+(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*+)*+")
"""Paths that cannot but stay inside: relative, normal, of names that begin with no dot. On Windows they may be devices."""

_UNSAFE_IN_FILENAME: Final = re.compile(r"[^A-Za-z0-9_.-]")


def gen_salt(length: int) -> str:
    """Return `length` random letters and digits, from a source fit for secrets.

    Raises:
        ValueError: the length is below 1.
    """
    if length < 1:
        raise ValueError(f"A salt has one character at least, not {length}.")
    return "".join(map(secrets.choice, repeat(SALT_CHARS, length)))


def generate_password_hash(password: str, method: str = "scrypt", salt_length: int = 16) -> str:
    """Return `method$salt$hash` to store, with a fresh salt.

    Methods: `scrypt`, with cost factor, block size and parallelization as in `scrypt:32768:8:1` (the default, 32 MiB of memory
    for one hash), and `pbkdf2`, with digest and iterations as in `pbkdf2:sha256:1000000` (its default).

    Raises:
        ValueError: the method or its parameters are not known, or the salt would be empty.
    """
    salt = gen_salt(salt_length)
    digest, full_method = _hash_password(method, salt, password)
    return f"{full_method}${salt}${digest}"


def check_password_hash(pwhash: str, password: str) -> bool:
    """Tell whether a password is the one of a stored hash; false if the hash does not have three parts. Takes constant time.

    Raises:
        ValueError: the hash was made with a method that is not known.
    """
    parts = pwhash.split("$", 2)
    if len(parts) != 3:
        return False
    method, salt, expected = parts
    digest, _ = _hash_password(method, salt, password)
    return hmac.compare_digest(digest.encode("ascii"), expected.encode("utf-8", "surrogatepass"))


def _hash_password(method: str, salt: str, password: str) -> tuple[str, str]:
    """Return the hash in hexadecimal, and the method with all its parameters."""
    name, *args = method.split(":")
    secret, salt_bytes = password.encode("utf-8"), salt.encode("utf-8")
    if name == "scrypt":
        if args and len(args) != 3:
            raise ValueError("'scrypt' takes 3 arguments.")
        n, r, p = map(int, args or (2**15, 8, 1))
        # RFC 7914 §6: n blocks of 128 * r bytes, one for each p, and two for OpenSSL to work in.
        digest = hashlib.scrypt(secret, salt=salt_bytes, n=n, r=r, p=p, maxmem=128 * r * (n + p + 2))
        return digest.hex(), f"scrypt:{n}:{r}:{p}"
    if name == "pbkdf2":
        if len(args) > 2:
            raise ValueError("'pbkdf2' takes 2 arguments.")
        hash_name = args[0] if args else "sha256"
        iterations = int(args[1]) if len(args) == 2 else DEFAULT_PBKDF2_ITERATIONS
        digest = hashlib.pbkdf2_hmac(hash_name, secret, salt_bytes, iterations)
        return digest.hex(), f"pbkdf2:{hash_name}:{iterations}"
    raise ValueError(f"Invalid hash method {name!r}.")


def safe_join(directory: str, *untrusted: str) -> str | None:
    """Join paths from outside, with `/` as their separator, to a trusted directory; `None` if the result would leave it.

    Each part must stay inside of what is before it. On Windows `None` too for whatever names a drive, a stream or a device.
    Links in the file system are followed when the path is opened; this looks at names only.
    """
    joined = directory or "."
    for path in untrusted:
        if not path:
            continue
        # PERF: of a plain path there is nothing to find out.
        is_plain = _PLAIN_PATH.fullmatch(path) is not None and not _is_windows()
        name = path if is_plain else posixpath.normpath(path)
        # A NUL ends the path for the system, and makes `open` raise.
        if not is_plain and (
            name.startswith(("/", "../"))
            or name == ".."
            or "\0" in name
            or any(separator in name for separator in _os_alt_seps)
            or (_is_windows() and _is_unsafe_on_windows(name))
        ):
            return None
        joined = f"{joined}{name}" if joined.endswith("/") else f"{joined}/{name}"
    return joined


def _is_windows() -> bool:
    return os.name == "nt"


def _is_unsafe_on_windows(name: str) -> bool:
    """Tell whether a relative path with slashes means more to Windows than the names between the slashes."""
    # A backslash separates, and a colon follows a drive or precedes a stream.
    if "\\" in name or ":" in name:
        return True
    # Windows drops dots and spaces at the end of a name, and looks for a device before the first dot.
    return any(
        segment.partition(".")[0].strip().upper() in _WINDOWS_DEVICES
        or (segment not in {"", "."} and not segment.strip(" ."))
        for segment in name.split("/")
    )


def secure_filename(filename: str) -> str:
    """Return a name that is safe to use in a folder on any system: ASCII letters, digits, `_`, `.` and `-`, no path.

    It may be empty, and two names may become one: make sure it is there and new before you write to it.
    """
    text = unicodedata.normalize("NFKD", filename).encode("ascii", "ignore").decode("ascii")
    for separator in (os.sep, os.altsep):
        if separator:
            text = text.replace(separator, " ")
    name = _UNSAFE_IN_FILENAME.sub("", "_".join(text.split())).strip("._")
    if _is_windows() and name.partition(".")[0].upper() in _WINDOWS_DEVICES:
        return f"_{name}"
    return name
