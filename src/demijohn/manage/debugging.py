"""`Debugging`: whether the debugger is around what is served, for which hosts, and what is said of it at the start.

Here: from settings to `DebuggedApplication`. Not here: what that does (`demijohn.debug`). In the process that listens; `wrap` in
those that load the application, too.
"""

import os
from collections.abc import Iterator
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

from .._base.record import record
from .addresses import TcpAddress, parse_address
from .appspec import AppSpec
from .settings.load import Settings
from .settings.pyproject import SettingsError

if TYPE_CHECKING:
    from ..debug import DebugRun


@record
class Debugging:
    """Of one run of a server."""

    run: "DebugRun"
    has_console: bool
    hosts: tuple[str, ...]
    """Names that it is asked by, beside this machine's own for itself."""
    is_open: bool
    """Other machines can reach the server."""

    def wrap(self, application: Any) -> Any:  # Any: a WSGI application, or an AppSpec
        """Return the application with the debugger around it; of one that is to be loaded, when it is."""
        if isinstance(application, AppSpec):
            return application.wrapped(self.wrap)
        from ..debug import DebuggedApplication

        debugged = DebuggedApplication(application, self.has_console, run=self.run)
        debugged.trusted_hosts.extend(self.hosts)
        return debugged

    def facts(self) -> Iterator[str]:
        """Give lines for whoever starts the server."""
        if not self.has_console:
            yield "Debugger is active, without consoles"
            return
        yield "Debugger is active; /console is a console"
        yield f"Debugger PIN: {self.run.pin.text}" if self.run.pin.text is not None else "Debugger PIN: off"
        if self.is_open:
            hosts = ", ".join(("localhost", "127.0.0.1", *self.hosts))
            if self.run.pin.text is not None:
                yield f"Others can reach the debugger: what keeps them from running code is the PIN; it answers for {hosts}"
            else:
                yield f"Warning: others can reach the debugger, and run code without a PIN; it answers for {hosts}"


def debugging_of(
    application: Any, settings: Settings, *, is_debug: bool
) -> Debugging | None:  # Any: see `Debugging.wrap`
    """Return the debugger that settings want; `None` if they want none.

    Raises:
        SettingsError: it is asked for outside of debug mode.
    """
    wanted = settings["debugger"]
    if wanted is False or (not is_debug and wanted is not True):
        return None
    # A WSGI application of anybody's may be debugged by who says so in code; one of ours says itself what mode it is in.
    if getattr(application, "debug", None) is False:
        refuse_outside_debug_mode(settings, is_debug=is_debug)
    from ..debug import DebugRun  # PERF: a server in production has nothing of the debugger in memory

    hosts, is_open = hosts_of(settings)
    return Debugging(DebugRun.of("demijohn", os.getcwd()), settings["debugger_console"], hosts, is_open)


def refuse_outside_debug_mode(settings: Settings, *, is_debug: bool) -> None:
    """See to it that no server in production has the debugger.

    Raises:
        SettingsError: it is asked for.
    """
    if settings["debugger"] is True and not is_debug:
        raise SettingsError(
            f"debugger ({settings.origin('debugger').where}): only in debug mode, which is for development: whoever gets at the"
            " debugger can run any code. Use --debug, or app.run(debug=True); in production, leave the debugger out."
        )


def hosts_of(settings: Settings) -> tuple[tuple[str, ...], bool]:
    """Return the names that a server is asked by, and whether others can reach it."""
    hosts = list(settings["debugger_hosts"])
    is_open = False
    for text in settings["bind"] or (settings["host"],):
        address = parse_address(text, 0)
        if not isinstance(address, TcpAddress):
            continue
        try:
            ip = ip_address(address.host or "::")
        except ValueError:
            hosts.append(address.host)
            is_open |= address.host != "localhost"
            continue
        is_open |= not ip.is_loopback
        # SECURITY: an address that means all interfaces is nobody's name. A page of anybody's may send a browser to 0.0.0.0.
        if not ip.is_unspecified:
            hosts.append(f"[{address.host}]" if ip.version == 6 else address.host)
    names = dict.fromkeys(name.lower() for name in hosts)
    return tuple(name for name in names if name not in _OWN), is_open


_OWN: Final = {"localhost", "127.0.0.1", "[::1]"}
"""What the debugger answers for in any case."""
