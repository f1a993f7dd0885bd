"""Settings of processes and threads: how many, how they run requests, and as whom."""

from typing import Final

from ...serve import ServerOptions
from .kinds import AUTO, FLAG, MODE, NUMBER, PATH, TEXT, choice, integer, or_auto, or_empty, or_none
from .setting import Setting, setting_of

TITLE: Final = "Processes and threads"

SETTINGS: Final = (
    Setting(
        "workers",
        or_auto(integer(1)),
        1,
        "Processes that serve. If it is said, a supervisor looks after them, also after one: see `supervise`. `auto`: as many as"
        " there are CPUs for this process, by its affinity and the limits of its cgroup (a container's CPU limit).",
        aliases=("processes",),
        options=("-w",),
        variables=("WEB_CONCURRENCY",),
    ),
    Setting(
        "supervise",
        or_auto(FLAG),
        AUTO,
        "Have a supervisor look after the process that serves, replace it when it dies, reload it and upgrade it without losing a"
        " request. `auto`: if there are several, or `ops_bind`; and by `demijohn run` without `--debug`, if `workers`, also one,"
        " or anything about making and renewing them is said, or systemd waits to be notified.",
    ),
    setting_of(
        ServerOptions,
        "threads",
        or_auto(integer(1)),
        text="How many requests each process may run at the same time, each on a thread. 1: one after another, multiplexed on one"
        " thread. `auto`: 16; on a Python without the GIL, 16 for each CPU that a process has, at most 64.",
    ),
    Setting(
        "runner",
        choice("auto", "inline", "late", "pool"),
        "auto",
        "How requests are run. `inline`: on the polling thread, one after another. `late`: on the polling thread, and another"
        " takes over polling if one takes long (late promotion). `pool`: on a pool of threads. `auto`: `inline` with one thread,"
        " else `late`.",
        ServerOptions,
        "runner",
    ),
    setting_of(ServerOptions, "promote_after_ms", NUMBER),
    setting_of(ServerOptions, "hand_over_after_ms", NUMBER),
    setting_of(ServerOptions, "tls_handshake_threads", integer(1)),
    setting_of(ServerOptions, "server_name", or_empty(TEXT)),
    Setting(
        "control_socket",
        or_none(or_auto(PATH)),
        AUTO,
        "Unix socket for the owner of the server to control it, with `demijohn ctl` and `demijohn top`. `auto`: one of its own"
        " in a directory for this user alone, where these commands find it. `none`: there is none.",
    ),
    Setting("chdir", or_none(PATH), None, "Directory to work in; entered before the application is loaded."),
    Setting("umask", or_none(MODE), None, "Permissions that new files do not have, such as 027."),
    Setting(
        "user",
        or_none(TEXT),
        None,
        "User, name or number, to become once all addresses are bound and certificates are read. Certificates that change later,"
        " logs and the file of `pidfile` are opened as that user.",
    ),
    Setting("group", or_none(TEXT), None, "Group, name or number, to be in instead of those of `user`."),
    Setting(
        "pidfile",
        or_none(PATH),
        None,
        "File that says the id of this process while it serves. If it names another process that lives, nothing is served.",
        aliases=("pid",),
    ),
)
