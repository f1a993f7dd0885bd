"""Flask, on the servers its documentation lists and its users choose. One process unless a setting asks for more."""

import os
from functools import partial

from .contestant import WORKLOADS, Command, Contestant, Kind, Setting, refuse
from .environments import HERE, python, script
from .servers import THREADS, bjoern, granian

GTHREAD = "Flask on gunicorn gthread"

_APP = "flaskapp:app"
_APPS = str(HERE / "apps")


def _environ(setting: Setting) -> dict[str, str]:
    return {"BENCH_FILES": str(setting.files), "BENCH_FRAMEWORK": "flask", "PYTHONPATH": _APPS}


def _gunicorn(worker: str, setting: Setting) -> Command:
    argv = [script("flask", "gunicorn"), "--bind", f"127.0.0.1:{setting.port}", "--worker-class", worker]
    argv += ["--workers", str(setting.processes), "--no-control-socket"]
    if worker == "gthread":
        argv += ["--threads", str(setting.threads or THREADS)]
    else:
        refuse(setting, threads="no threads" if worker == "sync" else "")
    if setting.connections is not None:
        refuse(setting, connections="" if worker != "sync" else "no connection is kept")
        argv += ["--worker-connections", str(setting.connections + 200), "--keep-alive", "600"]
    if setting.certificate is not None:
        argv += ["--certfile", str(setting.certificate[0]), "--keyfile", str(setting.certificate[1])]
    return Command([*argv, _APP], _environ(setting))


def _waitress(setting: Setting) -> Command:
    refuse(setting, tls="no TLS", processes="one process")
    argv = [script("flask", "waitress-serve"), f"--listen=127.0.0.1:{setting.port}"]
    argv.append(f"--threads={setting.threads or THREADS}")
    argv.append(f"--connection-limit={(setting.connections or 900) + 100}")
    if setting.connections is not None:
        argv += ["--channel-timeout=600", "--asyncore-use-poll"]
    return Command([*argv, _APP], _environ(setting))


def _granian(setting: Setting) -> Command:
    return granian("flask", "wsgi", _APP, setting, _environ(setting))


def _bjoern(setting: Setting) -> Command:
    return bjoern("flaskapp", setting, _environ(setting))


def _uwsgi(setting: Setting) -> Command:
    refuse(setting, connections="connections are not kept open by threads that wait for them")
    argv = [
        script("uwsgi", "uwsgi"),
        "--master",
        "--die-on-term",
        "--need-app",
        "--disable-logging",
        "--single-interpreter",
    ]
    argv += ["--enable-threads", "--processes", str(setting.processes), "--threads", str(setting.threads or THREADS)]
    argv += ["--listen", "128", "--http-keepalive", "--http-processes", "1", "--add-header", "Connection: Keep-Alive"]
    if setting.certificate is not None:
        argv += ["--https", f"127.0.0.1:{setting.port},{setting.certificate[0]},{setting.certificate[1]}"]
    else:
        argv += ["--http", f"127.0.0.1:{setting.port}"]
    return Command([*argv, "--pythonpath", _APPS, "--module", _APP], _environ(setting))


def _werkzeug(setting: Setting) -> Command:
    refuse(setting, processes="one process", threads="a thread for each connection")
    environ = _environ(setting)
    if setting.certificate is not None:
        environ["BENCH_CERTIFICATE"] = os.pathsep.join(map(str, setting.certificate))
    return Command([python("flask"), str(HERE / "apps" / "flaskapp.py"), str(setting.port)], environ)


_GUNICORN = {
    "sync": "`--worker-class sync`, its default; a connection is closed after each answer",
    "gthread": "`--worker-class gthread --threads 16`",
    "gevent": "`--worker-class gevent`, as gevent's users of gunicorn run it",
}
_OTHERS = (
    ("waitress", "flask", _waitress, "`waitress-serve --threads=16`, connections enough for the clients", ()),
    ("Granian", "flask", _granian, "`--interface wsgi --blocking-threads 16`, one worker", ()),
    ("bjoern", "bjoern", _bjoern, "`bjoern.run`; it has no settings, one thread", ("sleep", "mixed")),
    ("uWSGI", "uwsgi", _uwsgi, "`--http --http-keepalive --threads 16`: its router in front, as without nginx", ()),
    ("Werkzeug", "flask", _werkzeug, "`app.run(threaded=True)`, the development server; closes each connection", ()),
)


def deployments() -> list[Contestant]:
    """All of them."""
    found = [
        Contestant(
            f"Flask on gunicorn {worker}",
            Kind.FLASK,
            settings,
            WORKLOADS - ({"sleep", "mixed"} if worker == "sync" else set()),
            ("flask", "werkzeug", "gunicorn", *(("gevent",) if worker == "gevent" else ())),
            partial(_gunicorn, worker),
            importing=(python("flask"), "-c", "import flask"),
            environment="flask",
        )
        for worker, settings in _GUNICORN.items()
    ]
    for name, environment, how, settings, lacks in _OTHERS:
        package = () if name == "Werkzeug" else (name.lower(),)
        found.append(
            Contestant(
                f"Flask on {name}",
                Kind.FLASK,
                settings,
                WORKLOADS.difference(lacks),
                ("flask", "werkzeug", *package),
                how,
                environment=environment,
            )
        )
    return found
