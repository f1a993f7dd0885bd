"""Flask on gunicorn."""

from .contestant import EVERYTHING, Command, Contestant, Kind, Setting
from .environments import RIVALS

GTHREAD = "Flask on gunicorn gthread"
THREADS = 16


def gthread(setting: Setting) -> Command:
    """As many threads as we have by default."""
    argv = [str(RIVALS / "bin" / "gunicorn"), "-b", f"127.0.0.1:{setting.port}", "--no-control-socket", "-k", "gthread"]
    argv += ["--threads", str(setting.threads or THREADS), "--workers", str(setting.processes)]
    if setting.certificate is not None:
        argv += ["--certfile", str(setting.certificate[0]), "--keyfile", str(setting.certificate[1])]
    if setting.connections is not None:
        argv += ["--worker-connections", str(setting.connections + 200), "--keep-alive", "600"]
    return Command([*argv, "bench.apps.flask:app"], {"BENCH_FRAMEWORK": "flask", "BENCH_FILES": str(setting.files)})


CONTESTANTS = (
    Contestant(
        GTHREAD,
        Kind.FLASK,
        f"-k gthread --threads {THREADS}",
        EVERYTHING,
        ("flask", "werkzeug", "gunicorn"),
        gthread,
        (str(RIVALS / "bin" / "python"), "-c", "import flask"),
    ),
)
