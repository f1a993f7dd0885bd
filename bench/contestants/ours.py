"""demijohn, in its ways to run."""

import sys

from .contestant import WORKLOADS, Command, Contestant, Kind, Setting, refuse
from .environments import HERE, OWN

DEFAULT = "demijohn, 16 threads (the default)"
INLINE = "demijohn, one thread (threaded=False)"
POOL = "demijohn, 16 threads, runner pool"


def _run(setting: Setting, *more: str) -> Command:
    argv = [
        sys.executable,
        "-m",
        "demijohn",
        "run",
        f"{HERE / 'apps' / 'flaskapp.py'}:app",
        "--port",
        str(setting.port),
    ]
    if setting.processes > 1:
        argv += ["--processes", str(setting.processes)]
    if setting.certificate is not None:
        argv += ["--certfile", str(setting.certificate[0]), "--keyfile", str(setting.certificate[1])]
    if setting.connections is not None:
        argv += ["--keep-alive", "600", "--max-connections", str(setting.connections + 200)]
    return Command([*argv, *more], {"BENCH_FILES": str(setting.files), "BENCH_FRAMEWORK": "demijohn"})


def _threaded(setting: Setting) -> Command:
    return _run(setting, "--threads", str(setting.threads or 16))


def _inline(setting: Setting) -> Command:
    refuse(setting, threads="one thread")
    return _run(setting, "--no-threads")


def _pool(setting: Setting) -> Command:
    return _run(setting, "--threads", str(setting.threads or 16), "--runner", "pool")


def ours() -> list[Contestant]:
    """All of them."""
    importing = (sys.executable, "-c", "import demijohn")
    packages = ("demijohn",)
    return [
        Contestant(
            DEFAULT,
            Kind.OURS,
            "`demijohn run`, no option but the port; 64 threads where the workload says so",
            WORKLOADS,
            packages,
            _threaded,
            importing=importing,
            environment=OWN,
        ),
        Contestant(
            INLINE,
            Kind.OURS,
            "`--no-threads`",
            WORKLOADS - {"sleep", "mixed"},
            packages,
            _inline,
            importing=importing,
            environment=OWN,
        ),
        Contestant(
            POOL,
            Kind.OURS,
            "`--runner pool`: what the default is to be no worse than",
            frozenset({"mixed", "sleep"}),
            packages,
            _pool,
            environment=OWN,
        ),
    ]
