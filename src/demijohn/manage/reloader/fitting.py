"""How a server is different in a child of the reloader: its settings, its sockets, and what its parent hears of it.

For `serve` and its callers. Everything here is quick, and does nothing in a process that no reloader has started.
"""

import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final, Protocol

from ..settings.load import Settings
from .child import Child

logger = logging.getLogger("demijohn.reloader")

IDLE_GRACE: Final = 0.1
"""Seconds that a child which is to leave keeps connections without a request: somebody waits for the next one."""

_MOST_WRAPPED: Final = 20


class Served(Protocol):
    """What is told to the parent, by a server: see `AppServer`."""

    app: Any
    on_up: Callable[[], None]
    on_stop: Callable[[], None]
    on_failure: Callable[[BaseException | str], None]


def fitted(settings: Settings, child: Child) -> Settings:
    """Return the settings as they count in a child: what is the parent's is left out, and stopping is quick."""
    drain = min(settings["drain_timeout"], settings["reloader_drain"])
    changed = {
        "pidfile": None,
        "reuse_port": False,
        "drain_delay": 0.0,
        "drain_timeout": drain,
        "drain_idle_grace": min(settings["drain_idle_grace"], IDLE_GRACE, drain),
    }
    return replace(settings, values={**settings.values, **changed})


def fitted_tls(tls: Any, child: Child) -> Any:  # Any: see certificates_for
    """Return what TLS is served with in a child: certificates made on the spot are the same in all of them."""
    return child.handshake.adhoc if tls == "adhoc" and child.handshake.adhoc is not None else tls


def report(server: Served, child: Child) -> None:
    """Have a server tell the parent how it goes. Before it serves."""
    on_up = server.on_up

    def come_up() -> None:
        on_up()
        templates, statics = page_directories(server.app)
        child.ready(templates, statics)

    def fail(cause: BaseException | str) -> None:
        if isinstance(cause, BaseException):
            child.failed(cause)
        else:
            child.failed_for(cause.strip().splitlines()[-1], cause)

    server.on_up = come_up
    server.on_stop = child.stopping
    server.on_failure = fail


def start_facts(child: Child) -> list[str]:
    """Return lines for the start-up messages."""
    handshake = child.handshake
    how = {"stat": "looking at their times"}.get(handshake.way, handshake.way)
    return [f"Reloader: {handshake.files} files are watched ({how})"]


def page_directories(application: Any) -> tuple[list[str], list[str]]:  # Any: it may be any WSGI application
    """Return the directories of an application's templates and of its static files; none of what is not a `Demijohn`."""
    templates: list[str] = []
    statics: list[str] = []
    application = _unwrapped(application)
    owners = [application]
    for method in ("iter_blueprints", "iter_mounts"):
        found = getattr(application, method, None)
        owners += list(found()) if callable(found) else []
    for owner in owners:
        if owner is not application and hasattr(owner, "application"):  # a mount
            below = page_directories(owner.application)
            templates += below[0]
            statics += below[1]
            continue
        root = getattr(owner, "root_path", None)
        folders = getattr(owner, "template_folder", None), getattr(owner, "static_folder", None)
        if not isinstance(root, str):
            continue
        for folder, into in zip(folders, (templates, statics), strict=True):
            if isinstance(folder, str | os.PathLike):
                into.append(os.path.join(root, os.fspath(folder)))
    return _there(templates), _there(statics)


def _unwrapped(application: Any) -> Any:  # Any: see page_directories
    """Return what middleware is around, as far as that can be seen."""
    for _ in range(_MOST_WRAPPED):
        inner = getattr(application, "app", None)
        if isinstance(getattr(application, "root_path", None), str) or not callable(inner):
            break
        application = inner
    return application


def _there(paths: Iterable[str]) -> list[str]:
    return [path for path in dict.fromkeys(map(os.path.abspath, paths)) if os.path.isdir(path)]
