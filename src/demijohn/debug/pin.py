"""`Pin`: the number that opens consoles. The same at each start of an application on a machine; or set, or off.

`DEMIJOHN_DEBUG_PIN`, else `WERKZEUG_DEBUG_PIN`: `off`, or digits with or without dashes. Names without a leading capital are
those of `werkzeug.debug`. Any thread.
"""

import getpass
import hashlib
import hmac
import logging
import os
import re
import subprocess
import sys
import uuid
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

logger = logging.getLogger("demijohn.debug")

PIN_TIME: Final = 60 * 60 * 24 * 7
"""Seconds that a browser which gave the PIN is remembered."""

VARIABLES: Final = ("DEMIJOHN_DEBUG_PIN", "WERKZEUG_DEBUG_PIN")

_CONTAINER: Final = re.compile(r"[0-9a-f]{64}")
_MACHINE_ID_FILES: Final = ("/etc/machine-id", "/var/lib/dbus/machine-id", "/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Pin:
    """What opens consoles, and how a browser that gave it is known again."""

    text: str | None
    """As it is typed, dashes aside; `None`: nothing is asked for."""
    cookie_name: str
    key: bytes = field(repr=False)
    """SECURITY: cookies are signed with it. A cookie can be tried as often as one likes, a PIN only a few times: so it is not
    made of the PIN alone."""

    def is_right(self, given: str) -> bool:
        """Compare in constant time."""
        if self.text is None:
            return True
        return hmac.compare_digest(_digits(given).encode(), _digits(self.text).encode())

    def make_cookie(self, now: float) -> str:
        """Return the value of a cookie for a browser that gave the PIN."""
        stamp = str(int(now))
        return f"{stamp}|{self._sign(stamp)}"

    def takes_cookie(self, value: str | None, now: float) -> bool:
        """Tell whether a cookie is one of ours, and not too old."""
        stamp, _, signature = (value or "").partition("|")
        if not hmac.compare_digest(signature.encode(), self._sign(stamp).encode()):
            return False
        return stamp.isdecimal() and now - PIN_TIME <= int(stamp) <= now + 60

    def _sign(self, stamp: str) -> str:
        pin = hash_pin(_digits(self.text or ""))
        return hmac.new(self.key, f"{stamp}|{pin}".encode(), hashlib.sha256).hexdigest()


def _digits(text: str) -> str:
    return text.replace("-", "").replace(" ", "")


def hash_pin(pin: str) -> str:
    """Return a short digest of a PIN."""
    return hashlib.sha256(f"{pin} of demijohn's debugger".encode("utf-8", "replace")).hexdigest()[:12]


def make_pin(*identity: str) -> Pin:
    """Return the PIN of an application that is known by `identity`, on this machine, for this user; or the one that is set."""
    seed = hashlib.sha256()
    for part in (*_user_and_machine(), *identity):
        seed.update(f"{len(part)}:{part}".encode("utf-8", "surrogateescape"))
    name = f"__demijohn_debug_{hashlib.sha256(b'cookie' + seed.digest()).hexdigest()[:16]}"
    key = hashlib.sha256(b"key" + seed.digest()).digest()
    wanted = _wanted()
    if wanted == "off":
        return Pin(None, name, key)
    if not wanted:
        number = int.from_bytes(hashlib.sha256(b"pin" + seed.digest()).digest()) % 10**9
        digits = f"{number:09d}"
        wanted = "-".join((digits[:3], digits[3:6], digits[6:]))
    elif "-" not in wanted and len(wanted) > 4:
        size = next((size for size in (5, 4, 3) if len(wanted) % size == 0), len(wanted))
        wanted = "-".join(wanted[at : at + size] for at in range(0, len(wanted), size))
    return Pin(wanted, name, key)


def get_pin_and_cookie_name(app: Any) -> tuple[str, str] | tuple[None, None]:  # Any: a WSGI application of anybody's
    """Return the PIN of an application, and the name of the cookie; twice `None` if the PIN is off."""
    pin = make_pin(*identity_of(app))
    return (None, None) if pin.text is None else (pin.text, pin.cookie_name)


def identity_of(app: Any) -> tuple[str, str, str]:  # Any: see above
    """Return what an application is known by: its module, name and file."""
    module = str(getattr(app, "__module__", type(app).__module__))
    name = str(getattr(app, "__name__", type(app).__name__))
    return module, name, str(getattr(sys.modules.get(module), "__file__", None))


def _wanted() -> str:
    """Return what the environment says: `off`, digits, or nothing."""
    for name in VARIABLES:
        text = os.environ.get(name, "").strip()
        if text.lower() == "off":
            return "off"
        if text and _digits(text).isdecimal() and text.isascii():
            return text
        if text:
            logger.warning("%s is no PIN (digits and dashes, or off): one is made up instead.", name)
    return ""


def _user_and_machine() -> tuple[str, str, str]:
    try:
        user = getpass.getuser()
    except (ImportError, KeyError, OSError):  # in containers, users may have a number only
        user = str(os.geteuid())
    node = uuid.getnode()
    # Where no address is found, the number is random, and says so by this bit: another in each process.
    return user, "" if node >> 40 & 1 else str(node), (get_machine_id() or b"").decode("ascii", "replace")


@lru_cache(maxsize=1)
def get_machine_id() -> bytes | None:
    """Return what this machine, or this container, is known by; `None` if that is not to be had."""
    if sys.platform == "darwin":
        return _machine_id_of_mac()
    found = b""
    for path in _MACHINE_ID_FILES:
        try:
            with open(path, "rb") as file:
                found = file.readline().strip()
        except OSError:
            continue
        if found:
            break
    # Containers may share the machine's id, and have one of their own among the control groups.
    try:
        with open("/proc/self/cgroup", encoding="ascii", errors="replace") as file:
            match = _CONTAINER.search(file.read(65_536))
    except OSError:
        match = None
    return found + (match.group().encode() if match is not None else b"") or None


def _machine_id_of_mac() -> bytes | None:
    try:
        said = subprocess.run(
            ["/usr/sbin/ioreg", "-c", "IOPlatformExpertDevice", "-d", "2"], capture_output=True, check=False, timeout=5
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(rb'"serial-number" = <([^>]+)', said)
    return None if match is None else match.group(1)
