"""Tagged JSON: what a session cookie holds. Types that JSON lacks are written as an object with one key, their tag.

COMPAT: the format is Flask's to the byte, so that cookies pass between the two.
"""

import base64
import sys
from datetime import UTC, date, datetime
from typing import Any

from markupsafe import Markup

from ..slot import _cv_app
from . import dumps, loads
from .provider import _http_date

_PLAIN = frozenset({str, int, float, bool, type(None)})
_CONTAINERS = (dict, list)


class JSONTag:
    """How one type is written and read. `key` is its tag; with an empty `key` it only takes part in writing."""

    __slots__ = ("serializer",)

    key = ""

    def __init__(self, serializer: "TaggedJSONSerializer") -> None:
        self.serializer = serializer

    def check(self, value: Any) -> bool:
        """Tell whether `value` is this tag's to write."""
        raise NotImplementedError

    def to_json(self, value: Any) -> Any:
        """Return `value` as something JSON knows."""
        raise NotImplementedError

    def to_python(self, value: Any) -> Any:
        """Return what `to_json` was given."""
        raise NotImplementedError

    def tag(self, value: Any) -> dict[str, Any]:
        """Return `value` wrapped in its tag."""
        return {self.key: self.to_json(value)}


class TagDict(JSONTag):
    """A dict with one key that is itself a tag: marked with two underscores, so that reading does not take it for one."""

    __slots__ = ()
    key = " di"

    def check(self, value: Any) -> bool:
        """Tell whether a dict looks like a tagged value."""
        return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in self.serializer.tags

    def to_json(self, value: Any) -> Any:
        """Mark the key."""
        ((key, item),) = value.items()
        return {f"{key}__": self.serializer.tag(item)}

    def to_python(self, value: Any) -> Any:
        """Take the mark off."""
        ((key, item),) = value.items()
        return {key[:-2]: item}


class PassDict(JSONTag):
    """Any other dict: only its values are tagged."""

    __slots__ = ()

    def check(self, value: Any) -> bool:
        """Tell whether it is a dict."""
        return isinstance(value, dict)

    def to_json(self, value: Any) -> Any:
        """Tag the values."""
        return {key: self.serializer.tag(item) for key, item in value.items()}

    tag = to_json


class TagTuple(JSONTag):
    """A tuple, written as a list."""

    __slots__ = ()
    key = " t"

    def check(self, value: Any) -> bool:
        """Tell whether it is a tuple."""
        return isinstance(value, tuple)

    def to_json(self, value: Any) -> Any:
        """Tag the items."""
        return [self.serializer.tag(item) for item in value]

    def to_python(self, value: Any) -> Any:
        """Return a tuple."""
        return tuple(value)


class PassList(JSONTag):
    """A list: only its items are tagged."""

    __slots__ = ()

    def check(self, value: Any) -> bool:
        """Tell whether it is a list."""
        return isinstance(value, list)

    def to_json(self, value: Any) -> Any:
        """Tag the items."""
        return [self.serializer.tag(item) for item in value]

    tag = to_json


class TagBytes(JSONTag):
    """Bytes, written in base64."""

    __slots__ = ()
    key = " b"

    def check(self, value: Any) -> bool:
        """Tell whether it is bytes."""
        return isinstance(value, bytes)

    def to_json(self, value: Any) -> Any:
        """Encode."""
        return base64.b64encode(value).decode("ascii")

    def to_python(self, value: Any) -> Any:
        """Decode."""
        return base64.b64decode(value)


class TagMarkup(JSONTag):
    """Anything with `__html__`; read back as `markupsafe.Markup`."""

    __slots__ = ()
    key = " m"

    def check(self, value: Any) -> bool:
        """Tell whether it can say what it is in HTML."""
        return callable(getattr(value, "__html__", None))

    def to_json(self, value: Any) -> Any:
        """Return the markup as text."""
        return str(value.__html__())

    def to_python(self, value: Any) -> Any:
        """Return safe markup."""
        return Markup(value)  # noqa: S704 - it was markup when this server signed it


class TagUUID(JSONTag):
    """A UUID, written as 32 hex digits."""

    __slots__ = ()
    key = " u"

    def check(self, value: Any) -> bool:
        """Tell whether it is a UUID."""
        # PERF: who has one has imported its module; nobody else needs it.
        uuid = sys.modules.get("uuid")
        return uuid is not None and isinstance(value, uuid.UUID)

    def to_json(self, value: Any) -> Any:
        """Return the digits."""
        return value.hex

    def to_python(self, value: Any) -> Any:
        """Return a UUID."""
        from uuid import UUID

        return UUID(value)


class TagDateTime(JSONTag):
    """A datetime, written as an HTTP date (so without parts of a second), read back as UTC."""

    __slots__ = ()
    key = " d"

    def check(self, value: Any) -> bool:
        """Tell whether it is a datetime."""
        return isinstance(value, datetime)

    def to_json(self, value: date) -> Any:
        """Return the HTTP date."""
        return _http_date(value)

    def to_python(self, value: Any) -> Any:
        """Return an aware datetime."""
        return datetime.strptime(value, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)


class TaggedJSONSerializer:
    """JSON with tags. A type of your own is added with `register`."""

    __slots__ = ("_has_own_tags", "order", "tags")

    default_tags: tuple[type[JSONTag], ...] = (
        TagDict, PassDict, TagTuple, PassList, TagBytes, TagMarkup, TagUUID, TagDateTime,
    )  # fmt: skip
    """In the order they are asked."""

    def __init__(self) -> None:
        self.tags: dict[str, JSONTag] = {}
        self.order: list[JSONTag] = []
        for tag_class in self.default_tags:
            self.register(tag_class)
        self._has_own_tags = type(self).default_tags is not TaggedJSONSerializer.default_tags

    def register(self, tag_class: type[JSONTag], force: bool = False, index: int | None = None) -> None:
        """Add a tag, at `index` of the order or at its end.

        Raises:
            KeyError: its key is taken, and not `force`.
        """
        tag = tag_class(self)
        if tag.key:
            if not force and tag.key in self.tags:
                raise KeyError(f"The tag {tag.key!r} is registered already.")
            self.tags[tag.key] = tag
        self._has_own_tags = True
        self.order.insert(len(self.order) if index is None else index, tag)

    def tag(self, value: Any) -> Any:
        """Return `value` with tags where JSON needs them."""
        # PERF: most values in a session are of types that JSON has, in one dict. A tag that was registered may want them all
        # the same.
        if not self._has_own_tags:
            kind = type(value)
            if kind in _PLAIN:
                return value
            if kind is dict and (len(value) != 1 or next(iter(value)) not in self.tags):
                return {key: item if type(item) in _PLAIN else self.tag(item) for key, item in value.items()}
        for candidate in self.order:
            if candidate.check(value):
                break
        else:
            return value
        return candidate.tag(value)

    def untag(self, value: dict[str, Any]) -> Any:
        """Return what one object of the text means."""
        if len(value) != 1:
            return value
        ((key, item),) = value.items()
        tag = self.tags.get(key)
        return value if tag is None else tag.to_python(item)

    def _untag_all(self, value: Any) -> Any:
        # From the inside out: a tag's content is read before the tag.
        if isinstance(value, dict):
            for key, item in value.items():
                # PERF: in place, and no call for what has nothing in it.
                if isinstance(item, _CONTAINERS):
                    value[key] = self._untag_all(item)
            return self.untag(value)
        return [self._untag_all(item) for item in value] if isinstance(value, list) else value

    def dumps(self, value: Any) -> str:
        """Return compact tagged JSON."""
        ctx = _cv_app.get(None)
        text: str = (dumps if ctx is None else ctx.app.json.dumps)(self.tag(value), separators=(",", ":"))
        return text

    def loads(self, value: str | bytes) -> Any:
        """Return what tagged JSON means."""
        ctx = _cv_app.get(None)
        return self._untag_all((loads if ctx is None else ctx.app.json.loads)(value))
