"""`Content-Security-Policy` as a dict of directives with a property for each known one (W3C CSP 3 §2.2.1)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, overload

from .callbackdict import CallbackDict

C = TypeVar("C", bound="ContentSecurityPolicy")


class PolicyDirective:
    """A property for one directive; its text, `None` if it is missing. Setting `None` removes it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.__doc__ = f"The directive `{name}`."

    @overload
    def __get__(self, owner: None, cls: type) -> "PolicyDirective": ...
    @overload
    def __get__(self, owner: "ContentSecurityPolicy", cls: type) -> str | None: ...
    def __get__(self, owner: "ContentSecurityPolicy | None", cls: type) -> "PolicyDirective | str | None":
        return self if owner is None else owner.get(self.name)

    def __set__(self, owner: "ContentSecurityPolicy", value: str | None) -> None:
        if value is None:
            owner.pop(self.name, None)
        else:
            owner[self.name] = value

    def __delete__(self, owner: "ContentSecurityPolicy") -> None:
        owner.pop(self.name, None)


class ContentSecurityPolicy(CallbackDict[str, str]):
    """Directives by name; a directive without value has `""`. Each change calls `on_update`."""

    base_uri = PolicyDirective("base-uri")
    child_src = PolicyDirective("child-src")
    connect_src = PolicyDirective("connect-src")
    default_src = PolicyDirective("default-src")
    font_src = PolicyDirective("font-src")
    form_action = PolicyDirective("form-action")
    frame_ancestors = PolicyDirective("frame-ancestors")
    frame_src = PolicyDirective("frame-src")
    img_src = PolicyDirective("img-src")
    manifest_src = PolicyDirective("manifest-src")
    media_src = PolicyDirective("media-src")
    navigate_to = PolicyDirective("navigate-to")
    object_src = PolicyDirective("object-src")
    plugin_types = PolicyDirective("plugin-types")
    prefetch_src = PolicyDirective("prefetch-src")
    report_to = PolicyDirective("report-to")
    report_uri = PolicyDirective("report-uri")
    sandbox = PolicyDirective("sandbox")
    script_src = PolicyDirective("script-src")
    script_src_attr = PolicyDirective("script-src-attr")
    script_src_elem = PolicyDirective("script-src-elem")
    style_src = PolicyDirective("style-src")
    style_src_attr = PolicyDirective("style-src-attr")
    style_src_elem = PolicyDirective("style-src-elem")
    worker_src = PolicyDirective("worker-src")

    def __init__(
        self,
        values: Mapping[str, str] | Iterable[tuple[str, str]] | None = (),
        on_update: Callable[[Any], None] | None = None,  # Any: the subclass itself
    ) -> None:
        super().__init__(values, on_update)

    def to_header(self) -> str:
        """Render the field value."""
        return render_csp_header(self)

    def __str__(self) -> str:
        return self.to_header()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {' '.join([f'{name}={value!r}' for name, value in sorted(self.items())])}>"


@overload
def parse_csp_header(value: str | None, on_update: Callable[[Any], None] | None = None) -> ContentSecurityPolicy: ...
@overload
def parse_csp_header(value: str | None, on_update: Callable[[Any], None] | None = None, *, cls: type[C]) -> C: ...
@overload
def parse_csp_header(value: str | None, on_update: Callable[[Any], None] | None, cls: type[C]) -> C: ...
def parse_csp_header(
    value: str | None,
    on_update: Callable[[Any], None] | None = None,  # Any: the policy that is made
    cls: type[Any] | None = None,  # Any: see overloads
) -> Any:
    """Parse a field value into a `ContentSecurityPolicy` or `cls`."""
    directives = []
    for part in (value or "").split(";"):
        name, *text = part.split(None, 1) or ("",)
        if name:
            directives.append((name, text[0].rstrip() if text else ""))
    make: type[Any] = ContentSecurityPolicy if cls is None else cls  # Any: as above
    return make(directives, on_update)


def render_csp_header(header: Mapping[str, str]) -> str:
    """Render `name value; name value`; a directive without value is its name alone."""
    return "; ".join([f"{name} {value}" if value else name for name, value in header.items()])


dump_csp_header = render_csp_header
"""Werkzeug's name."""
