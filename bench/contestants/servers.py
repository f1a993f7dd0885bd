"""Servers that run more than one of the contestants' applications: how each is started. The settings are its documentation's."""

from .contestant import Command, Setting, refuse
from .environments import python, script

THREADS = 16
"""Of a server that has threads, unless a setting says how many."""


def granian(environment: str, interface: str, app: str, setting: Setting, environ: dict[str, str]) -> Command:
    """Granian, for `wsgi` or `asgi`."""
    argv = [script(environment, "granian"), "--interface", interface, "--no-ws", "--workers", str(setting.processes)]
    argv += ["--host", "127.0.0.1", "--port", str(setting.port)]
    if setting.connections is not None:
        argv += ["--backlog", "4096", "--backpressure", str(setting.connections + 200)]
    if interface == "wsgi":
        argv += ["--blocking-threads", str(setting.threads or THREADS)]
    else:
        argv += ["--loop", "uvloop"]
    if setting.certificate is not None:
        argv += ["--ssl-certificate", str(setting.certificate[0]), "--ssl-keyfile", str(setting.certificate[1])]
    return Command([*argv, app], environ)


def bjoern(module: str, setting: Setting, environ: dict[str, str]) -> Command:
    """bjoern, for the `app` of a module."""
    refuse(setting, tls="no TLS", processes="one process", threads="one thread")
    code = f"import bjoern, {module}; bjoern.run({module}.app, '127.0.0.1', {setting.port})"
    return Command([python("bjoern"), "-c", code], environ)
