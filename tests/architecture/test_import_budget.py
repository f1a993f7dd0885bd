"""How much is in memory where it is of no use: modules, which unlike times are the same in each run.

A start is imports, nearly: each module takes a quarter of a millisecond and some ten kB, those of a library much more.
"""

import socket
import subprocess
import sys

import pytest
from services import PATIENCE

IMPORT_BUDGET = 253
"""Modules that `import demijohn` brings, the interpreter's own aside; three of them are about compiled twins. Flask's are 260."""

SERVE_BUDGET = 471
"""Of a process that serves by itself, `demijohn run app.py`, when it answers its first request."""

_APP = """
import sys
from demijohn import Demijohn

app = Demijohn(__name__)


@app.get("/")
def modules():
    return "\\n".join(sorted(sys.modules))
"""


def loaded(code, *words):
    """Return what is imported when a program of one line has run, and is not at its beginning."""
    told = "\nprint(*sorted(sys.modules.keys() - begun), sep='\\n')"
    begun = "import sys; begun = {*sys.modules}\n"
    command = [sys.executable, "-c", f"{begun}{code}{told}", *words]
    return set(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines())


def test_the_package_comes_with_what_applications_need():
    found = loaded("import demijohn")
    dear = {
        "jinja2",
        "click",
        "uuid",
        "pathlib",
        "email.utils",
        "ssl",
        "ctypes",
        "multiprocessing",
        "asyncio",
        "difflib",
    }
    assert not dear & found
    assert not {name for name in found if name.startswith(("demijohn.serve", "demijohn.manage", "demijohn.debug"))}
    assert len(found) <= IMPORT_BUDGET, f"{len(found)}: {sorted(found)}"


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--no-threads",)], ids=["threads", "one thread"])
def test_a_process_that_serves_has_nothing_of_what_it_is_not(place, options):
    (place.directory / "app.py").write_text(_APP)
    path = str(place.directory / "http.sock")
    command = (sys.executable, "-m", "demijohn", "run", "app.py", "--bind", f"unix:{path}", *options)
    place.wait_listening(place.start("server", *command), path)
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE)
        client.connect(path)
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        answer = client.makefile("rb").read().decode()
    assert answer.startswith("HTTP/1.1 200"), answer
    found = set(answer.partition("\r\n\r\n")[2].split("\n"))
    not_for_it = (
        "demijohn.debug", "demijohn.middleware", "demijohn.testing", "demijohn.metrics", "demijohn.dropin",
        "demijohn.manage.watching", "demijohn.manage.control.supervised", "demijohn.manage.cli.top", "demijohn.manage.cli.control",
        "demijohn.manage.reloader.child", "demijohn.manage.reloader.start", "demijohn.manage.supervisor.policy",
        "demijohn.manage.supervisor.arbiter", "demijohn.manage.board", "demijohn.manage.ops.process", "demijohn.manage.devcert",
        "jinja2", "dotenv", "tomllib", "importlib.metadata", "http.client", "http.server", "subprocess", "ctypes", "asyncio",
    )  # fmt: skip
    assert not {name for name in found if name.startswith(not_for_it)}
    assert len(found) <= SERVE_BUDGET, f"{len(found)}: {sorted(found)}"
