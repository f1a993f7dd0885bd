"""JSON as classes for `json.dumps(cls=...)` and `json.loads(cls=...)`, and a provider that is made of them."""

import json
from typing import IO, Any

from jinja2.utils import htmlsafe_json_dumps

from demijohn.app.json.provider import _default


class JSONEncoder(json.JSONEncoder):
    """Writes dates as HTTP dates, UUIDs and decimals as text, data classes as objects, and what has `__html__` as that."""

    def default(self, o: Any) -> Any:
        """Return something that JSON knows for `o`; for subclasses."""
        return _default(o)


class JSONDecoder(json.JSONDecoder):
    """As in the standard library."""


def htmlsafe_dump(obj: Any, fp: IO[str], **kwargs: Any) -> None:
    """Write JSON that can stand in a script element."""
    fp.write(str(htmlsafe_json_dumps(obj, **kwargs)))
