"""Running a probe by its name, on either side."""

import importlib
import json
import warnings
from types import SimpleNamespace
from typing import Any

from differential.plain import raised


def run(lib: SimpleNamespace, name: str, arguments: list[Any]) -> Any:
    """The outcome of probe `file.function`, as JSON would give it back. An exception is an outcome like any other."""
    file, _, function = name.partition(".")
    probe = getattr(importlib.import_module(f"differential.probes.{file}"), function)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            outcome = probe(lib, *arguments)
        except Exception as error:
            outcome = raised(error)
    return json.loads(json.dumps(outcome))
