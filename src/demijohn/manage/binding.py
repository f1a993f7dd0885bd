"""`bind_all`: from addresses to `Listener`s, all or none, with errors that say what is wrong.

May be called from any thread. Who holds an address that is taken: holders.py.
"""

import errno
import logging
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from ..serve import Listener, ListenOptions
from ..serve.listener import DEFAULT, AddressTaken, Endpoint, resolve
from .addresses import Address, Descriptor, TcpAddress, UnixAddress

logger = logging.getLogger("demijohn.manage")

_NOT_OURS: Final = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)

_PORT_ATTEMPTS: Final = 20
"""How often a free port is looked for that is free on each of several addresses."""


class BindError(OSError):
    """It is not possible to listen there. The message is one line for a person; `errno` is the system's."""

    def __init__(self, number: int | None, message: str) -> None:
        super().__init__(number, message)
        self.message = message

    def __str__(self) -> str:
        return self.message


def bind_all(addresses: Iterable[Address], options: ListenOptions = DEFAULT, *, listens: bool = True) -> list[Listener]:
    """Listen on each address; a host name with several addresses has a listener for each, on the same port.

    Without `listens`, TCP addresses are only bound, for processes that will each listen for themselves.

    Raises:
        BindError: the system says no to one of them. Then none is left bound.
    """
    addresses = list(addresses)
    listeners: list[Listener] = []
    try:
        for address in addresses:
            listeners += _bind(address, addresses, options, listens=listens)
    except BaseException:
        close_all(listeners)
        raise
    if not listeners:
        raise ValueError("There is no address to listen on.")
    return listeners


def close_all(listeners: Iterable[Listener]) -> None:
    """Stop listening, and remove the files of Unix sockets."""
    for listener in listeners:
        listener.close()
        try:
            listener.unlink()
        except PermissionError as error:
            # Made as root, by a process that is another user by now; the next start takes its place.
            logger.warning("The file of the Unix socket %s stays: it may not be removed.", error.filename)


def _bind(address: Address, beside: list[Address], options: ListenOptions, *, listens: bool) -> list[Listener]:
    if isinstance(address, UnixAddress):
        return [_bind_unix(address.path, options)]
    if isinstance(address, Descriptor):
        return [_take_over(address, options)]
    try:
        endpoints = resolve(address.host, address.port)
    except (OSError, UnicodeError) as error:
        number = error.errno if isinstance(error, OSError) else None
        raise BindError(number, f"Cannot listen on {address}: no such host name or address.") from None
    if len(endpoints) > 1 or TcpAddress("0.0.0.0", address.port) in beside:
        # Each address has a socket of its own: one for IPv6 must not take those for IPv4.
        options = replace(options, dual_stack=False)
    refusal: BindError | None = None
    for _ in range(_PORT_ATTEMPTS if address.port == 0 and len(endpoints) > 1 else 1):
        listeners, refusal = _bind_endpoints(endpoints, options, listens=listens)
        if refusal is None and listeners:
            return listeners
        close_all(listeners)
    raise refusal or BindError(errno.EADDRNOTAVAIL, f"Cannot listen on {address}: this machine has no such address.")


def _bind_endpoints(
    endpoints: list[Endpoint], options: ListenOptions, *, listens: bool
) -> tuple[list[Listener], BindError | None]:
    """Bind the addresses of one name, and return what was bound, and why not more.

    Port 0 is the port that the first one got. Of several addresses, those that this machine does not have are left out.
    """
    listeners: list[Listener] = []
    port = endpoints[0][1][1]
    for family, address in endpoints:
        endpoint: Endpoint = (family, (address[0], port, *address[2:]))
        try:
            listener = Listener.at(endpoint, options, listens=listens)
        except OSError as error:
            if len(endpoints) > 1 and error.errno in _NOT_OURS:
                continue
            return listeners, BindError(error.errno, _explain(address[0], port, error))
        listeners.append(listener)
        port = listener.sock.getsockname()[1]
    return listeners, None


def _bind_unix(path: str, options: ListenOptions) -> Listener:
    try:
        return Listener.unix(path, options)
    except LookupError as error:
        raise BindError(None, f"Cannot listen on the Unix socket {path}: {str(error).strip(chr(34))}.") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE or isinstance(error, AddressTaken):
            from .holders import find_unix_holder

            raise BindError(
                errno.EADDRINUSE,
                f"Cannot listen on the Unix socket {path}: {find_unix_holder(path)} is listening there."
                " Stop it, or choose another path.",
            ) from None
        # Without a strerror it is a sentence of ours, which names the path.
        raise BindError(error.errno, f"Cannot listen on the Unix socket {path}: {error.strerror or error}.") from None


def _take_over(address: Descriptor, options: ListenOptions) -> Listener:
    try:
        return Listener.from_fd(address.fd, options)
    except OSError as error:
        raise BindError(error.errno, f"Cannot listen on descriptor {address.fd}: {error.strerror or error}.") from None


def _explain(hostname: str, port: int, error: OSError) -> str:
    where = f"[{hostname}]:{port}" if ":" in hostname else f"{hostname}:{port}"
    if error.errno == errno.EADDRINUSE:
        from .holders import find_tcp_holder

        who = find_tcp_holder(hostname, port)
        return f"Cannot listen on {where}: {who} is using port {port}. Stop it, or choose another port."
    if error.errno == errno.EACCES:
        return f"Cannot listen on {where}: ports below 1024 need special permission. Choose another port."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"Cannot listen on {where}: this machine has no such address."
    return f"Cannot listen on {where}: {error.strerror or error}."
