"""Running a probe by its name, on either side."""

import importlib
import json
import re
import warnings
from types import SimpleNamespace
from typing import Any

from differential.plain import raised

# Dates that are counted from now, of cookies and of header fields: the clocks of two processes differ by a second at times.
_SOON = re.compile(r'(Expires=|"(?:Expires|Date|Retry-After)", ")[^;"]* 20[2-9]\d [^;"]*')


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
    return json.loads(_SOON.sub(r"\1soon", json.dumps(outcome)))
