"""Where to listen, as a person writes it: `127.0.0.1:8000`, `[::1]:8000`, `:8000`, `localhost`, `unix:/run/app.sock`, `fd://3`.

Here: the notation. Listening itself is binding.py's. Any thread.
"""

import re
from ipaddress import AddressValueError, IPv6Address
from typing import Final

from .._base.record import record

_UNIX: Final = re.compile("unix:(?://)?(?P<path>.+)", re.DOTALL)
_FD: Final = re.compile("fd:(?://)?(?P<fd>[0-9]{1,9})", re.ASCII)
_TCP: Final = re.compile(
    r"(?:\[(?P<literal>[0-9A-Fa-f:.]+(?:%[^\]/]+)?)\]|(?P<name>[^:\[\]/\s]*))(?::(?P<port>[0-9]{1,5}))?", re.ASCII
)


@record
class TcpAddress:
    """A host name or address and a port."""

    host: str
    """`""` for all addresses of this machine."""

    port: int
    """0 lets the system choose."""

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@record
class UnixAddress:
    """A path; `@` and a name for one in Linux's abstract namespace."""

    path: str

    def __str__(self) -> str:
        return f"unix:{self.path}"


@record
class Descriptor:
    """A socket that this process was started with."""

    fd: int

    def __str__(self) -> str:
        return f"fd://{self.fd}"


Address = TcpAddress | UnixAddress | Descriptor


def parse_address(text: str, default_port: int) -> Address:
    """Parse one address; `default_port` is for those without a port.

    Raises:
        ValueError: it is none; the message says what is wrong and what is possible.
    """
    if match := _UNIX.fullmatch(text):
        return UnixAddress(match["path"])
    if match := _FD.fullmatch(text):
        return Descriptor(int(match["fd"]))
    if _is_ipv6(text):
        return TcpAddress(text, default_port)
    match = _TCP.fullmatch(text)
    literal = match["literal"] if match is not None else None
    if match is None or not text or text.isdigit() or (literal is not None and not _is_ipv6(literal)):
        hint = f"write :{text} for the port {text}, or " if text.isdigit() else ""
        raise ValueError(
            f"{text!r} is no address to listen on; {hint}"
            "write host:port, [IPv6 address]:port, :port, unix:/path or fd://number."
        )
    port = default_port if match["port"] is None else int(match["port"])
    return TcpAddress(literal or match["name"] or "", check_port(port))


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True


def check_port(port: object) -> int:
    """Return a port that may be listened on.

    Raises:
        TypeError: it is no int.
        ValueError: it is not between 0 and 65535.
    """
    if isinstance(port, bool) or not isinstance(port, int):
        raise TypeError(f"The port must be an integer, not {port!r}.")
    if not 0 <= port <= 65535:
        raise ValueError(f"The port must be between 0 and 65535, not {port}.")
    return port
