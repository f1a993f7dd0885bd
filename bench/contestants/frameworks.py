"""Other Python frameworks, each on the server its documentation recommends, or that its users measure it with."""

import os
from functools import partial

from .contestant import WORKLOADS, Command, Contestant, Kind, Setting, refuse
from .environments import HERE, python, script
from .servers import bjoern, granian

_APPS = HERE / "apps"


def _environ(setting: Setting) -> dict[str, str]:
    environ = {"BENCH_FILES": str(setting.files), "PYTHONPATH": str(_APPS), "BENCH_PROCESSES": str(setting.processes)}
    if setting.certificate is not None:
        environ["BENCH_CERTIFICATE"] = os.pathsep.join(map(str, setting.certificate))
    return environ


def _hypercorn(setting: Setting) -> Command:
    argv = [script("quart", "hypercorn"), "--bind", f"127.0.0.1:{setting.port}", "--worker-class", "uvloop"]
    argv += ["--workers", str(setting.processes)]
    if setting.connections is not None:
        argv += ["--keep-alive", "600"]
    if setting.certificate is not None:
        argv += ["--certfile", str(setting.certificate[0]), "--keyfile", str(setting.certificate[1])]
    return Command([*argv, "quartapp:app"], _environ(setting))


def _uvicorn(app: str, setting: Setting) -> Command:
    argv = [script("asgi", "uvicorn"), "--host", "127.0.0.1", "--port", str(setting.port), "--no-access-log"]
    argv += ["--loop", "uvloop", "--http", "httptools", "--workers", str(setting.processes)]
    if setting.connections is not None:
        argv += ["--timeout-keep-alive", "600"]
    if setting.certificate is not None:
        argv += ["--ssl-certfile", str(setting.certificate[0]), "--ssl-keyfile", str(setting.certificate[1])]
    return Command([*argv, app], _environ(setting))


def _granian(environment: str, interface: str, app: str, setting: Setting) -> Command:
    return granian(environment, interface, app, setting, _environ(setting))


def _bjoern(setting: Setting) -> Command:
    return bjoern("falconapp", setting, _environ(setting))


def _own(environment: str, file: str, setting: Setting) -> Command:
    refuse(setting, connections="its own idle timeout is not an option of this application")
    return Command([python(environment), str(_APPS / file), str(setting.port)], _environ(setting))


def _single(environment: str, file: str, setting: Setting) -> Command:
    refuse(setting, processes="one process")
    return _own(environment, file, setting)


def _socketify(setting: Setting) -> Command:
    refuse(setting, tls="not set up here")
    return _single("socketify", "socketifyapp.py", setting)


def frameworks() -> list[Contestant]:
    """All of them."""
    uvicorn = "`--loop uvloop --http httptools`, without its access log"
    asgi = "`--interface asgi --loop uvloop`, one worker"
    return [
        Contestant(
            "Quart on Hypercorn",
            Kind.FRAMEWORK,
            "`--worker-class uvloop`",
            WORKLOADS,
            ("quart", "hypercorn", "uvloop"),
            _hypercorn,
            importing=(python("quart"), "-c", "import quart"),
            environment="quart",
        ),
        Contestant(
            "Starlette on Uvicorn",
            Kind.FRAMEWORK,
            uvicorn,
            WORKLOADS,
            ("starlette", "uvicorn", "uvloop", "httptools"),
            partial(_uvicorn, "starletteapp:app"),
            importing=(python("asgi"), "-c", "import starlette.applications"),
            environment="asgi",
        ),
        Contestant(
            "FastAPI on Uvicorn",
            Kind.FRAMEWORK,
            uvicorn,
            WORKLOADS,
            ("fastapi", "starlette", "uvicorn", "uvloop", "httptools"),
            partial(_uvicorn, "fastapiapp:app"),
            importing=(python("asgi"), "-c", "import fastapi"),
            environment="asgi",
        ),
        Contestant(
            "Falcon on bjoern",
            Kind.FRAMEWORK,
            "`bjoern.run`; one thread",
            WORKLOADS - {"session", "sleep", "mixed"},
            ("falcon", "bjoern"),
            _bjoern,
            importing=(python("bjoern"), "-c", "import falcon"),
            environment="bjoern",
        ),
        Contestant(
            "Falcon on Granian",
            Kind.FRAMEWORK,
            "`--interface wsgi --blocking-threads 16`, one worker",
            WORKLOADS - {"session"},
            ("falcon", "granian"),
            partial(_granian, "falcon", "wsgi", "falconapp:app"),
            environment="falcon",
        ),
        Contestant(
            "BlackSheep on Granian",
            Kind.FRAMEWORK,
            asgi,
            WORKLOADS,
            ("blacksheep", "granian", "uvloop"),
            partial(_granian, "blacksheep", "asgi", "blacksheepapp:app"),
            importing=(python("blacksheep"), "-c", "import blacksheep"),
            environment="blacksheep",
        ),
        Contestant(
            "Sanic",
            Kind.FRAMEWORK,
            "its own server, without its access log",
            WORKLOADS - {"session"},
            ("sanic", "uvloop", "httptools"),
            partial(_own, "sanic", "sanicapp.py"),
            importing=(python("sanic"), "-c", "import sanic"),
            environment="sanic",
        ),
        Contestant(
            "socketify",
            Kind.FRAMEWORK,
            "its own server",
            frozenset({"hello", "json", "page", "form", "upload", "sleep", "mixed"}),
            ("socketify",),
            _socketify,
            importing=(python("socketify"), "-c", "import socketify"),
            environment="socketify",
        ),
        Contestant(
            "Tornado",
            Kind.FRAMEWORK,
            "its own server; a signed cookie for the session",
            WORKLOADS - {"page"},
            ("tornado",),
            partial(_single, "tornado", "tornadoapp.py"),
            importing=(python("tornado"), "-c", "import tornado.web"),
            environment="tornado",
        ),
    ]
