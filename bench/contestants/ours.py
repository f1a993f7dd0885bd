"""demijohn, in its ways to run."""

import sys

from .contestant import EVERYTHING, Command, Contestant, Kind, Setting

DEFAULT = "demijohn, 16 threads (the default)"
INLINE = "demijohn, one thread (--no-threads)"
POOL = "demijohn, runner pool"

APP = "bench.apps.flask:app"
_PACKAGES = ("demijohn",)
_IMPORTING = (sys.executable, "-c", "import demijohn")


def command(setting: Setting, *more: str) -> Command:
    """`demijohn run` with what a measurement asks for."""
    argv = [sys.executable, "-m", "demijohn", "run", APP, "--port", str(setting.port), *more]
    if setting.threads is not None:
        argv += ["--threads", str(setting.threads)]
    if setting.processes > 1:
        argv += ["--processes", str(setting.processes)]
    if setting.certificate is not None:
        argv += ["--certfile", str(setting.certificate[0]), "--keyfile", str(setting.certificate[1])]
    if setting.connections is not None:
        argv += ["--max-connections", str(setting.connections + 200), "--keep-alive", "600"]
    return Command(argv, {"BENCH_FILES": str(setting.files)})


CONTESTANTS = (
    Contestant(DEFAULT, Kind.OURS, "no options", EVERYTHING, _PACKAGES, command, _IMPORTING),
    Contestant(
        INLINE,
        Kind.OURS,
        "--no-threads: views run on the thread that polls",
        EVERYTHING - {"sleep", "mixed"},
        _PACKAGES,
        lambda setting: command(setting, "--no-threads"),
        _IMPORTING,
    ),
    Contestant(
        POOL,
        Kind.OURS,
        "--runner pool: each request is given to a thread",
        frozenset({"mixed"}),
        _PACKAGES,
        lambda setting: command(setting, "--runner", "pool"),
    ),
)
