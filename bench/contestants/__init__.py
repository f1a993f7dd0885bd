"""Who is compared, and how each is started: the settings its own documentation recommends."""

import json
import subprocess
from collections.abc import Iterable
from importlib.metadata import version

from . import gunicorn, nginx, ours
from .contestant import Command, Contestant, Kind, NotPossible, Setting
from .environments import RIVALS, prepare_rivals
from .gunicorn import GTHREAD
from .nginx import NGINX
from .ours import DEFAULT, INLINE, POOL

__all__ = [
    "DEFAULT",
    "GTHREAD",
    "INLINE",
    "NGINX",
    "POOL",
    "Command",
    "Contestant",
    "Kind",
    "NotPossible",
    "Setting",
    "everyone",
    "prepare",
    "versions",
]


def everyone() -> list[Contestant]:
    """All of them."""
    return [*ours.CONTESTANTS, *gunicorn.CONTESTANTS, *nginx.CONTESTANTS]


def prepare(wanted: Iterable[Contestant]) -> dict[str, str]:
    """Build what is missing; who cannot be, and why."""
    flask = [one.name for one in wanted if one.kind is Kind.FLASK]
    if flask:
        try:
            prepare_rivals()
        except (OSError, subprocess.CalledProcessError) as error:
            return dict.fromkeys(flask, f"cannot be installed: {error}")
    return {}


def versions(contestant: Contestant) -> dict[str, str]:
    """Of its packages, where they are of Python."""
    if contestant.kind is Kind.LIMIT:
        return {}
    if contestant.kind is Kind.OURS:
        return {name: version(name) for name in contestant.packages}
    code = "import json, sys; from importlib.metadata import version; print(json.dumps({n: version(n) for n in sys.argv[1:]}))"
    command = [str(RIVALS / "bin" / "python"), "-c", code, *contestant.packages]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found
