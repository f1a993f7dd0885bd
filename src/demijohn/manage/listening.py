"""`open_listeners`: from what `run_simple` and `make_server` are told to sockets that listen, with TLS and redirects on them.

Here: which of several wishes counts. Not here: the notation of addresses, binding, what a certificate is.
"""

import os
import socket
from collections.abc import Iterable, Sequence
from typing import Any, Final

from ..serve import Listener, ListenOptions
from .activation import take_activated
from .addresses import Address, Descriptor, TcpAddress, UnixAddress, check_port, parse_address
from .binding import BindError, bind_all, close_all
from .handover import Handed, listeners_of
from .interfaces import UNIX_PREFIX, get_interface_ip
from .tls import certificates_for

_LOOPBACK: Final = ("127.0.0.1", "::1")

Addresses = str | Iterable[str]
"""One address as `parse_address` takes it, or several."""


def open_listeners(
    host: str,
    port: int,
    *,
    fd: int | None = None,
    bind: Addresses | None = None,
    options: ListenOptions | None = None,
    ssl_context: Any = None,  # Any: see certificates_for
    redirect_http: Addresses | None = None,
    redirect_port: int | None = None,
    processes: int = 1,
    handover: Handed | None = None,
) -> list[Listener]:
    """Listen: on `fd`; or on the addresses in `bind`; or on what systemd handed to this process; or on `host` and `port`.

    In the place of another process: on what `handover` brings, whatever the others say. The listeners of `redirect_http` come
    last.

    Raises:
        TypeError: the port is no int, or see `certificates_for`.
        ValueError: an address or a port is none, or a redirect leads nowhere.
        CertificateError: see `certificates_for`.
        BindError: the system says no to one of them. Then none is left bound.
    """
    options = options or ListenOptions()
    certificates = certificates_for(ssl_context)  # first: for this no port is taken in vain
    redirects = [parse_address(text, 80) for text in _each(redirect_http)]
    if redirects and certificates is None:
        raise ValueError("redirect_http: there is nothing to redirect to without ssl_context.")
    listens = not (options.reuse_port and processes > 1)
    handed, handed_redirects = ([], []) if handover is None else listeners_of(handover)
    listeners = handed or bind_all(_wished(host, port, fd, bind), options, listens=listens)
    for listener in listeners:
        listener.certificates = certificates
    if redirects:
        try:
            port = _port_of(listeners[0]) if redirect_port is None else check_port(redirect_port)
            listeners += _open_redirects(redirects, port, options, handed_redirects, listens=listens)
        except BaseException:
            close_all(listeners)
            raise
    return listeners


def _each(addresses: Addresses | None) -> list[str]:
    if addresses is None:
        return []
    return [addresses] if isinstance(addresses, str) else list(addresses)


def _wished(host: str, port: int, fd: int | None, bind: Addresses | None) -> Sequence[Address]:
    check_port(port)
    if fd is not None:
        try:
            # COMPAT: the caller's descriptor stays the caller's.
            return [Descriptor(os.dup(fd))]
        except OSError as error:
            raise BindError(error.errno, f"Cannot listen on descriptor {fd}: {error.strerror}.") from None
    if bind is None and (activated := take_activated()):
        return activated
    return addresses_of(host, port, bind)


def addresses_of(host: str, port: int, bind: Addresses | None) -> list[Address]:
    """Return what is said: the addresses of `bind`, if it says any, else host and port.

    Raises:
        ValueError: an address is none.
    """
    if bind is not None:
        return [parse_address(text, port) for text in _each(bind)]
    if host.startswith(UNIX_PREFIX):
        return [UnixAddress(host.removeprefix(UNIX_PREFIX))]
    return [TcpAddress(host, port)]


def _open_redirects(
    addresses: Sequence[Address], port: int, options: ListenOptions, handed: list[Listener], *, listens: bool
) -> list[Listener]:
    listeners = handed or bind_all(addresses, options, listens=listens)
    for listener in listeners:
        listener.redirect_port = port
    return listeners


def _port_of(listener: Listener) -> int:
    address = listener.address
    if isinstance(address, tuple):
        return address[1]
    raise ValueError(
        "redirect_port must say where HTTPS is found: the first listener is a Unix socket, which has no port."
    )


def spell_out(url: str, address: tuple[str, int] | str) -> list[str]:
    """Return where a browser finds a listener; a wildcard address, which is no place to go, is spelt out."""
    if isinstance(address, str) or address[0] not in {"0.0.0.0", "::"}:
        return [url]
    scheme = url.partition(":")[0]
    host, port = address
    is_ipv4 = host == "0.0.0.0"
    loopback = "127.0.0.1" if is_ipv4 else "[::1]"
    urls = [f"{url} (all addresses)", f"{scheme}://{loopback}:{port}"]
    own = get_interface_ip(socket.AF_INET if is_ipv4 else socket.AF_INET6)
    if own not in _LOOPBACK:
        urls.append(f"{scheme}://[{own}]:{port}" if ":" in own else f"{scheme}://{own}:{port}")
    return urls
