"""Whether contestants answer alike; nothing is measured. What is compared is contestants/check.py's."""

import tempfile
from collections.abc import Iterable
from pathlib import Path

from ..contestants import Contestant, NotPossible, Setting
from ..contestants.check import problems
from ..processes import SERVER_CPU
from .serving import ServerFailed, free_port, running


def check(contestants: Iterable[Contestant], files: Path, port: int) -> Iterable[tuple[str, dict[str, str]]]:
    """Start each, ask it for all that it can do; yield its name, and what is wrong, by workload."""
    for contestant in contestants:
        with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
            setting = Setting(free_port(port), Path(scratch), files)
            try:
                command = contestant.command(setting)
                with running(command.argv, port=setting.port, cpus=str(SERVER_CPU), environ=command.environ):
                    yield contestant.name, problems(contestant, setting)
            except (NotPossible, ServerFailed) as error:
                yield contestant.name, {"start": str(error)}
