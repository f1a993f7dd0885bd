"""`try_addresses`: whether it would be possible to listen where the settings say. All is bound for a moment, and free again."""

import contextlib
import os
from collections.abc import Iterable
from dataclasses import replace

from ..serve import Listener, ListenOptions
from .activation import inherited_listener, is_activated
from .addresses import Address, Descriptor, TcpAddress, UnixAddress, parse_address
from .binding import bind_all, close_all
from .holders import find_tcp_holder, find_unix_holder
from .identity import running_of
from .listening import addresses_of
from .ops.rules import OPS_PORT
from .settings.build import listen_options
from .settings.load import Settings


def try_addresses(settings: Settings) -> str:
    """Return a line for a person. In a process that serves nobody.

    What a server holds that `pidfile` names is as good as free: it is the one that is going to be reloaded or replaced.

    Raises:
        ValueError: an address is none.
        BindError: it is not possible to listen there; says who does, if that can be known.
    """
    options = listen_options(settings)
    groups = [
        [parse_address(text, 80) for text in settings["redirect_http"]],
        [parse_address(text, OPS_PORT) for text in settings["ops_bind"]],
    ]
    is_inherited = is_activated() or inherited_listener(os.environ, settings["port"]) is not None
    if not is_inherited or settings["bind"]:
        groups.insert(0, addresses_of(settings["host"], settings["port"], settings["bind"] or None))
    running = running_of(settings["pidfile"])
    held = [address for group in groups for address in group if running and _is_held_by(address, running)]
    listeners: list[Listener] = []
    try:
        for group in groups:
            listeners += _try(group, held, replace(options, reuse_port=options.reuse_port and group is groups[0]))
    finally:
        close_all(listeners)
    if held:
        return (
            f"Addresses: in use by process {running}, which {settings['pidfile']} names: {', '.join(map(str, held))}."
        )
    return "Addresses: handed over to this process." if is_inherited and not settings["bind"] else "Addresses: free."


def _try(group: Iterable[Address], held: list[Address], options: ListenOptions) -> list[Listener]:
    # A descriptor is there or it is not; to listen on it would change what is its owner's.
    free = [address for address in group if address not in held and not isinstance(address, Descriptor)]
    # Who listens along with another server would take clients away from it.
    return bind_all(free, options, listens=not options.reuse_port) if free else []


def _is_held_by(address: Address, running: int) -> bool:
    """Tell whether a process, or a worker of it, listens at an address."""
    if isinstance(address, TcpAddress):
        pid = find_tcp_holder(address.host, address.port).pid if address.port else None
    else:
        pid = find_unix_holder(address.path).pid if isinstance(address, UnixAddress) else None
    return pid is not None and running in {pid, _parent_of(pid)}


def _parent_of(pid: int) -> int | None:
    with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/stat", "rb") as file:
        # Its name may have anything in it, also brackets.
        return int(file.read().rpartition(b")")[2].split()[1])
    return None
