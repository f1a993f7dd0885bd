"""HTML made by calls: `html.p("text", class_="note")`, and `format_string`."""

from collections.abc import Callable, Mapping
from string import Template
from typing import Any, Final

from markupsafe import escape

_EMPTY: Final = frozenset(
    # What has no end tag.
    (
        "area", "base", "basefont", "br", "col", "command", "embed", "frame", "hr", "img", "input", "keygen", "isindex", "link",
        "meta", "param", "source", "wbr",
    )
)  # fmt: skip
_FLAGS: Final = frozenset(
    (
        "selected", "checked", "compact", "declare", "defer", "disabled", "ismap", "multiple", "nohref", "noresize", "noshade",
        "nowrap",
    )
)  # fmt: skip
_SCRIPTS: Final = frozenset({"script", "style"})


class HTMLBuilder:
    """Elements as attributes. `dialect` is `html` or `xhtml`."""

    def __init__(self, dialect: str) -> None:
        self._dialect = dialect

    def __call__(self, s: Any) -> str:  # Any: whatever is to be shown
        """Return `s` escaped."""
        return str(escape(s))

    def __getattr__(self, tag: str) -> Callable[..., str]:
        if tag[:2] == "__":
            raise AttributeError(tag)

        def proxy(*children: Any, **attributes: Any) -> str:
            return self._element(tag, children, attributes)

        return proxy

    def _element(self, tag: str, children: tuple[Any, ...], attributes: dict[str, Any]) -> str:
        text = f"<{tag}"
        for key, value in attributes.items():
            if value is None:
                continue
            name = key.removesuffix("_")
            if name in _FLAGS:
                if not value:
                    continue
                text += f" {name}" if self._dialect == "html" else f' {name}="{name}"'
            else:
                text += f' {name}="{escape(value)}"'
        if not children and tag in _EMPTY:
            return text + (">" if self._dialect == "html" else " />")
        content = "".join(str(child) for child in children if child is not None)
        if tag in _SCRIPTS and content and self._dialect == "xhtml":
            content = f"/*<![CDATA[*/{content}/*]]>*/"
        return f"{text}>{content}</{tag}>"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} for {self._dialect!r}>"


html: Final = HTMLBuilder("html")
xhtml: Final = HTMLBuilder("xhtml")


def format_string(string: str, context: Mapping[str, Any]) -> str:
    """Replace `$name` and `${name}` in a text.

    Raises:
        KeyError: `context` has no such name.
    """
    return Template(string).substitute({name: str(value) for name, value in context.items()})
