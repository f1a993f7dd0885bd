"""Running a probe by its name, on either side."""

import importlib
import json
import re
import time
import warnings
from datetime import datetime
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Any

from differential.plain import raised

# Expiry of cookies and of fields, counted from now: the clocks of two processes differ by a second at times.
_SOON = re.compile(r'(Expires=|"Expires", ")[^;"]* 20[2-9]\d [^;"]*')

# Now itself, as what is set to nothing has it: Date, Last-Modified and the like.
_MOMENT = re.compile(
    r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} 20\d\d \d\d:\d\d:\d\d GMT|20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d\+00:00"
)
_HOUR = 3600


def _without_now(match: re.Match[str]) -> str:
    text = match[0]
    moment = datetime.fromisoformat(text) if text[0] == "2" else parsedate_to_datetime(text)
    return "now" if abs(moment.timestamp() - time.time()) < _HOUR else text


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
    return json.loads(_MOMENT.sub(_without_now, _SOON.sub(r"\1soon", json.dumps(outcome))))
