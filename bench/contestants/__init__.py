"""Who is compared: demijohn, deployments of Flask, other frameworks, nginx. `everyone` names them, `prepare` installs them."""

from collections.abc import Iterable

from . import environments
from .contestant import WORKLOADS, Command, Contestant, Kind, NotPossible, Setting
from .flask import GTHREAD, deployments
from .frameworks import frameworks
from .limit import NGINX, limits
from .ours import DEFAULT, INLINE, POOL, ours

__all__ = [
    "DEFAULT",
    "GTHREAD",
    "INLINE",
    "NGINX",
    "POOL",
    "WORKLOADS",
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
    """All contestants, in the order of the tables."""
    return [*ours(), *deployments(), *frameworks(), *limits()]


def prepare(wanted: Iterable[Contestant]) -> dict[str, str]:
    """Install what is missing; return the reasons of those that cannot be, by their names."""
    wanted = list(wanted)
    reasons = {name: environments.build(name) for name in dict.fromkeys(one.environment for one in wanted)}
    return {one.name: reasons[one.environment] for one in wanted if reasons[one.environment]}


def versions(contestant: Contestant) -> dict[str, str]:
    """Return the versions of a contestant's packages, once it is prepared."""
    return environments.versions(contestant.environment, contestant.packages)
