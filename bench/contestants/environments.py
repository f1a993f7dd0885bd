"""Virtual environments of the rivals, one for each set of packages that go together; made with venv and pip, pinned.

They are kept in bench/out/environments until their pins change. What cannot be built is named, with the end of pip's output.
"""

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parents[1]
ROOT = HERE.parent
PLACE = HERE / "out" / "environments"

OWN = "demijohn"
"""Not built: what runs the benchmark."""

_FLASK = ("flask==3.1.3", "werkzeug==3.1.9")

PINS: dict[str, tuple[str, ...]] = {
    "flask": (
        *_FLASK,
        "gunicorn==27.0.1",
        "gevent==26.9.0",
        "packaging==25.0",  # gunicorn asks for it, with gevent
        "waitress==3.0.2",
        "granian==2.8.7",
    ),
    # Both are compiled when they are installed. bjoern needs libev's headers, on Debian: libev-dev.
    "uwsgi": (*_FLASK, "uwsgi==2.0.31"),
    "bjoern": (*_FLASK, "bjoern==3.2.2", "falcon==4.4.0"),
    "quart": ("quart==0.22.0", "hypercorn==0.18.0", "uvloop==0.23.0"),
    "asgi": (
        "starlette==1.10.0",
        "fastapi==0.165.0",
        "uvicorn==0.54.0",
        "uvloop==0.23.0",
        "httptools==0.9.0",
        "jinja2==3.1.6",
        "itsdangerous==2.2.0",
        "python-multipart==0.0.34",
    ),
    "falcon": ("falcon==4.4.0", "granian==2.8.7", "jinja2==3.1.6"),
    "blacksheep": ("blacksheep==2.6.4", "granian==2.8.7", "uvloop==0.23.0", "jinja2==3.1.6"),
    "sanic": ("sanic==25.12.1", "jinja2==3.1.6"),
    "socketify": ("socketify==0.0.31", "jinja2==3.1.6"),
    "tornado": ("tornado==6.6.1",),
}


def python(environment: str) -> str:
    """Return the interpreter of an environment."""
    return sys.executable if environment == OWN else str(PLACE / environment / "bin" / "python")


def script(environment: str, name: str) -> str:
    """Return a command that a package of an environment has installed."""
    return str(Path(python(environment)).parent / name)


def build(environment: str) -> str:
    """Make an environment, unless it is there with these pins; return why it could not be made, or an empty string."""
    if environment in ("", OWN):
        return ""
    place, pins = PLACE / environment, PINS[environment]
    stamp = place / "pins.json"
    if stamp.exists() and json.loads(stamp.read_text()) == list(pins):
        return ""
    print(f"installing {' '.join(pins)}", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
    command = [python(environment), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *pins]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.strip() and "WARNING" not in line]
        return f"pip: {' | '.join(errors[-3:])}"
    stamp.write_text(json.dumps(pins))
    return ""


def versions(environment: str, packages: tuple[str, ...]) -> dict[str, str]:
    """Return the versions that are installed; without those that are not."""
    if not packages:
        return {}
    code = (
        "import importlib.metadata as m, json, sys\nfound = {}\nfor name in sys.argv[1:]:\n"
        " try: found[name] = m.version(name)\n except m.PackageNotFoundError: pass\nprint(json.dumps(found))"
    )
    done = subprocess.run([python(environment), "-c", code, *packages], check=True, capture_output=True, text=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found
