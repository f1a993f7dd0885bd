"""Settings of the application that is served, and of serving it while it is being written."""

import os
from typing import Any, Final

from .kinds import DURATION, FLAG, PATH, TEXT, choice, or_auto, or_none
from .plurals import list_of, map_of
from .setting import Setting

TITLE: Final = "Application and development"


def _place(raw: Any) -> str:  # Any: see Kind
    """Check where an application is mounted: a path, a host, or a host and a path."""
    if not isinstance(raw, str) or not raw.strip("/") or "//" in raw or not raw.isprintable() or "=" in raw:
        raise ValueError
    return raw


SETTINGS: Final = (
    Setting(
        "app",
        or_none(TEXT),
        None,
        "The application: `module:attribute`, `module:factory()` or a file. A command's argument and its option `--app` come"
        " first. `none`: `app.py` or `wsgi.py` in the working directory.",
        variables=("FLASK_APP",),
        is_on_command_line=False,
        is_keyword=False,
    ),
    Setting(
        "mount",
        map_of(
            _place,
            TEXT.parse,
            str,
            "places with applications, as text PLACE=APP with spaces between; a place is /path, host or host/path",
            "PLACE=APP",
        ),
        {},
        "Further applications, each below a path, `/admin=admin:create_app()`, on a host, `api.example.org=api:app`, or both,"
        " `example.org/wiki=wiki:app`. An application that is mounted sees its place as its root.",
        aliases=("mounts",),
        is_keyword=False,
    ),
    Setting(
        "reload",
        or_auto(FLAG),
        "auto",
        "Start anew when a file of the application changes: for development. The port stays open: requests wait for the new"
        " code. `auto`: in debug mode.",
        aliases=("use_reloader",),
    ),
    Setting(
        "debugger",
        or_auto(FLAG),
        "auto",
        "Show errors in the browser: with source, variables, and a console in each frame, behind a PIN that is printed at the"
        " start. `auto`: in debug mode; outside of it, no server starts with the debugger.",
        aliases=("use_debugger",),
    ),
    Setting(
        "debugger_console",
        FLAG,
        True,
        "The debugger's pages have consoles, which run code in the server.",
        aliases=("use_evalex",),
    ),
    Setting(
        "debugger_hosts",
        list_of(TEXT),
        (),
        "Further names by which the debugger's consoles may be asked for, beside `localhost`, `127.0.0.1`, `[::1]` and what is"
        " listened on; `.example.org` means all below it. `0.0.0.0` is never one.",
    ),
    Setting(
        "browser_refresh",
        FLAG,
        True,
        "Pages load themselves anew when code, templates or static files have changed: in debug mode, with the reloader. A"
        " stylesheet is exchanged without that.",
    ),
    Setting(
        "extra_files",
        list_of(PATH, os.pathsep),
        (),
        "Further files that the reloader and `reload_on_change` look at; directories stand for all that is below them,"
        " and patterns for what they match: `conf/*.toml`.",
        aliases=("reload_extra_file",),
    ),
    Setting(
        "exclude_patterns",
        list_of(PATH, os.pathsep),
        (),
        "Files that the reloader and `reload_on_change` do not look at, as patterns of a shell: `generated`, `*.tmp`. They stand"
        " for whole paths if they begin with a slash, else for the end of one, and for all below.",
    ),
    Setting(
        "reloader_type",
        choice("auto", "stat", "watchdog", "watchfiles"),
        "auto",
        "How the reloader looks: `stat` at all files, time after time; `watchfiles` and `watchdog`, libraries of these names,"
        " have the system tell. `auto`: the first of watchfiles, watchdog and stat that is there.",
        aliases=("reload_engine",),
    ),
    Setting(
        "reloader_interval",
        DURATION,
        1.0,
        "Time between two looks of the reloader, and of `reload_on_change`; more if there are very many files.",
    ),
    Setting(
        "reloader_drain",
        DURATION,
        5.0,
        "How long the old code may take to finish the requests in flight when the reloader starts anew; then they are cut off.",
    ),
)
