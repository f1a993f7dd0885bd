"""`demijohn ctl`: asking a running server, and telling it what to do. What a command needs is imported when it runs."""

import json
import os
import sys
from collections.abc import Callable
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Final, TypeVar

import click

from .wording import duration, plain, size, stack, table

if TYPE_CHECKING:
    from ..control.client import ControlClient
    from ..control.protocol import ControlError

Function = TypeVar("Function", bound=Callable[..., Any])

EXIT_CODES: Final = {
    "failed": 1,
    "bad-question": 2,
    "no-server": 4,
    "forbidden": 5,
    "unresponsive": 6,
    "no-answer": 6,
    "busy": 6,
}
"""By the code of an error (control/protocol.py)."""

CONTROL_HELP: Final = """
Without --socket: what DEMIJOHN_CONTROL_SOCKET or [tool.demijohn] of pyproject.toml here says, else the only server that this user
runs. Exit codes: 0 done; 1 it came to nothing; 2 wrong words; 4 no server there; 5 somebody else's; 6 no answer.
"""

RELOAD_SECONDS: Final = 3600.0
STOP_SECONDS: Final = 3600.0


class ControlFailed(click.ClickException):
    """A `ControlError` as a message and an exit code; with `--json`, as JSON on stdout."""

    def __init__(self, error: "ControlError", *, is_json: bool) -> None:
        super().__init__(plain_lines(str(error)))
        self.code = str(error.code)
        self._exit_code = EXIT_CODES.get(self.code, 1)
        self._is_json = is_json

    @property
    def exit_code(self) -> int:  # type: ignore[override]  # click only reads it
        """Of the command."""
        return self._exit_code

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it."""
        if self._is_json:
            write_json({"error": self.message, "code": self.code})
        else:
            super().show(file)


def control_options(function: Function) -> Function:
    """Add the options that every command has which asks a server."""
    for option in (
        click.option("--json", "is_json", is_flag=True, help="Print what the server says as JSON."),
        # Its variable is that of the setting, which may also say auto or none: see place_of.
        click.option("--socket", metavar="PATH", type=click.Path(), help="The server's control socket."),
    ):
        function = option(function)
    return function


def place_of(socket: str | None) -> str:
    """Return where to look for a server: what was said, else what the settings here say.

    Raises:
        click.UsageError: they cannot be read, or say that there is none.
    """
    if socket is not None:
        return socket
    from ..settings.load import CommandLine, load_settings
    from ..settings.pyproject import SettingsError

    try:
        found = load_settings(CommandLine(), os.environ, os.getcwd())["control_socket"]
    except SettingsError as error:
        raise click.UsageError(str(error)) from None
    if found is None:
        raise click.UsageError("The settings here say that there is no control socket; --socket says which one.")
    return str(found)


class Asking:
    """A connection for the length of a command; errors end the command."""

    def __init__(self, socket: str | None, *, is_json: bool) -> None:
        """Find the server. Entered, it is a `ControlClient`."""
        self._place = place_of(socket)
        self._is_json = is_json
        self._client: ControlClient | None = None

    def __enter__(self) -> "ControlClient":
        from ..control.client import connect
        from ..control.protocol import ControlError

        try:
            self._client = connect(self._place)
        except ControlError as error:
            raise ControlFailed(error, is_json=self._is_json) from None
        return self._client

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        from ..control.protocol import ControlError

        if self._client is not None:
            self._client.close()
        if isinstance(error, ControlError):
            raise ControlFailed(error, is_json=self._is_json) from None


def write_json(result: Any) -> None:
    """Print JSON: indented for people, on one line for programs."""
    click.echo(json.dumps(result, indent=2 if sys.stdout.isatty() else None))


def plain_lines(text: str) -> str:
    """Return text of several lines without what a terminal would obey."""
    return "\n".join(plain(line) for line in text.splitlines())


@click.group("ctl", epilog=CONTROL_HELP)
def control_group() -> None:
    """Ask a running server, or tell it what to do."""


@control_group.command("status", epilog=CONTROL_HELP)
@control_options
def status_command(socket: str | None, is_json: bool) -> None:
    """Show how the server is."""
    with Asking(socket, is_json=is_json) as client:
        status = client.ask("status")
        workers = client.ask("workers")
    if is_json:
        write_json({**status, "workers": workers})
        return
    for line in status_lines(status, workers):
        click.echo(line)


def status_lines(status: dict[str, Any], workers: list[dict[str, Any]]) -> list[str]:  # Any: of JSON
    """Return what `status` prints."""
    what = "supervisor" if status["is_supervised"] else "process"
    how = f"{status['state']} for {duration(status['uptime'])}"
    lines = [
        f"demijohn {status['version']} (Python {status['python']}), {what} {status['pid']}, {how}",
        *(f"  {plain(address)}" for address in status["addresses"]),
    ]
    if status["is_supervised"]:
        states: dict[str, int] = {}
        for worker in workers:
            states[worker["state"]] = states.get(worker["state"], 0) + 1
        found = ", ".join(f"{count} {state}" for state, count in states.items()) or "none"
        lines.append(f"{status['wanted']} workers wanted, there are: {found}; generation {status['generation']}")
    requests = status.get("requests", sum(worker["requests"] for worker in workers))
    lines.append(f"{requests} requests, {sum(worker['in_flight'] for worker in workers)} of them in flight")
    if status.get("coming_generation"):
        lines.append(f"Reloading: generation {status['coming_generation']} boots")
    if status.get("last_failure"):
        lines += ["The last reload came to nothing:", plain_lines(status["last_failure"].rstrip())]
    return lines


@control_group.command("workers", epilog=CONTROL_HELP)
@control_options
def workers_command(socket: str | None, is_json: bool) -> None:
    """List the workers."""
    with Asking(socket, is_json=is_json) as client:
        workers = client.ask("workers")
    if is_json:
        write_json(workers)
        return
    for line in workers_lines(workers):
        click.echo(line)


def workers_lines(workers: list[dict[str, Any]]) -> list[str]:  # Any: of JSON
    """Return what `workers` prints."""
    rows = [["PID", "GEN", "STATE", "AGE", "HEARTBEAT", "REQUESTS", "IN FLIGHT", "QUEUED", "CONNECTIONS", "MEMORY"]]
    rows += [
        [
            str(one["pid"]),
            str(one["generation"]),
            plain(one["state"]),
            duration(one["age"]),
            duration(one["heartbeat_age"]),
            str(one["requests"]),
            str(one["in_flight"]),
            str(one["queued"]),
            str(one["connections"]),
            size(one["memory_bytes"]),
        ]
        for one in workers
    ]
    return table(rows, {0, 1, 3, 4, 5, 6, 7, 8, 9})


@control_group.command("reload", epilog=CONTROL_HELP)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=RELOAD_SECONDS,
    help="Seconds to wait for the outcome.",
)
@control_options
def reload_command(socket: str | None, is_json: bool, timeout: float) -> None:
    """Load the application and the settings anew, and wait for the outcome. If it fails, what serves goes on serving."""
    with Asking(socket, is_json=is_json) as client:
        result = client.ask("reload", timeout=timeout)
    if is_json:
        write_json(result)
    else:
        click.echo(f"Reloaded: generation {result['generation']} serves, after {duration(result['seconds'])}.")


@control_group.command("stop", epilog=CONTROL_HELP)
@click.option("--now", "is_quick", is_flag=True, help="Do not let requests in flight finish.")
@click.option("--no-wait", is_flag=True, help="Do not wait for the end.")
@control_options
def stop_command(socket: str | None, is_json: bool, is_quick: bool, no_wait: bool) -> None:
    """Stop the server once the requests in flight are answered, and wait for its end."""
    with Asking(socket, is_json=is_json) as client:
        result = client.ask("stop", is_quick=is_quick)
        has_ended = not no_wait and client.wait_end(STOP_SECONDS)
    if is_json:
        write_json({**result, "has_ended": has_ended})
    else:
        click.echo("Stopped." if has_ended else "Stopping.")


@control_group.command("scale", epilog=CONTROL_HELP)
@click.argument("workers", type=click.IntRange(min=1))
@control_options
def scale_command(socket: str | None, is_json: bool, workers: int) -> None:
    """Have so many WORKERS from now on."""
    with Asking(socket, is_json=is_json) as client:
        result = client.ask("scale", workers=workers)
    if is_json:
        write_json(result)
    else:
        click.echo(f"{result['wanted']} workers wanted, instead of {result['before']}.")


@control_group.command("stacks", epilog=CONTROL_HELP)
@click.argument("pid", type=click.IntRange(min=1))
@control_options
def stacks_command(socket: str | None, is_json: bool, pid: int) -> None:
    """Show where all threads of the worker PID are."""
    with Asking(socket, is_json=is_json) as client:
        result = client.ask("stacks", pid=pid)
    if is_json:
        write_json(result)
        return
    for line in stacks_lines(result):
        click.echo(line)


def stacks_lines(result: dict[str, Any]) -> list[str]:  # Any: of JSON
    """Return what `stacks` prints."""
    lines = []
    if result.get("text"):
        lines += [f"Worker {result['pid']} does not answer; this is what its interpreter could still be made to say:"]
        lines.append(plain_lines(result["text"]))
    for one in sorted(result["threads"], key=lambda one: one["request"] is None):
        what = "" if one["request"] is None else f": {plain(one['request'])} ({plain(one['route'])})"
        lines.append(f"Thread {plain(one['thread'])} ({one['thread_id']}){what}")
        lines += [*stack(one["stack"], "  "), ""]
    return lines


def complete_level(ctx: click.Context, option: click.Parameter, begun: str) -> list[str]:
    """Complete a level; names of loggers only the server knows."""
    return [level for level in ("debug", "info", "warning", "error", "critical") if level.startswith(begun)]


@control_group.command("log-level", epilog=CONTROL_HELP)
@click.argument("words", nargs=-1, required=True, metavar="[NAME] LEVEL", shell_complete=complete_level)
@control_options
def log_level_command(socket: str | None, is_json: bool, words: tuple[str, ...]) -> None:
    """Set the level of the logger NAME in all workers, until they are replaced.

    NAME is demijohn if it is not said; root is the one above all. LEVEL is debug, info, warning, error, critical, or a number.
    """
    if len(words) > 2:
        raise click.UsageError("There is one NAME at most, and one LEVEL.")
    name = words[0] if len(words) == 2 else None
    with Asking(socket, is_json=is_json) as client:
        result = client.ask("log-level", name=name, level=words[-1])
    if is_json:
        write_json(result)
    else:
        click.echo(f"{plain(result['name'])}: {words[-1].upper()}, instead of {plain(result['before'])}.")
    if result["unresponsive"]:
        silent = ", ".join(map(str, result["unresponsive"]))
        click.echo(f"Did not answer, and may not have done it: {silent}.", err=True)
        raise click.exceptions.Exit(EXIT_CODES["unresponsive"])
