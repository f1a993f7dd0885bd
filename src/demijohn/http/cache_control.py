"""`Cache-Control` of requests and responses as dicts with typed properties (RFC 9111 §5.2)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar, overload

from .callbackdict import CallbackDict
from .immutable import ImmutableDictMixin
from .options import parse_dict_header, render_dict_header

T = TypeVar("T")
C = TypeVar("C", bound="_CacheControl")


class Directive(Generic[T]):
    """A property for one directive of a `_CacheControl`.

    Args:
        name: as in the field.
        kind: `bool` is present or not; `int` and `str` have an argument.
        bare: what a directive without the argument it may have is read as.

    Setting `None` or `False` removes the directive, `True` sets it without argument.
    """

    def __init__(self, name: str, kind: type[Any], bare: object = None) -> None:  # Any: bool, int or str
        self.name = name
        self.kind = kind
        self.bare = bare
        self.__doc__ = f"The directive `{name}`."

    @overload
    def __get__(self, owner: None, cls: type) -> "Directive[T]": ...
    @overload
    def __get__(self, owner: "_CacheControl", cls: type) -> T: ...
    def __get__(self, owner: "_CacheControl | None", cls: type) -> Any:  # Any: see overloads
        if owner is None:
            return self
        if self.kind is bool:
            return self.name in owner
        value = owner.get(self.name)
        if value is None:
            return self.bare if self.name in owner else None
        try:
            return self.kind(value)
        except ValueError:
            return None

    def __set__(self, owner: "_CacheControl", value: object) -> None:
        if value is None or value is False or (self.kind is bool and not value):
            owner.pop(self.name, None)
        elif value is True or self.kind is bool:
            owner[self.name] = None
        else:
            owner[self.name] = str(self.kind(value))

    def __delete__(self, owner: "_CacheControl") -> None:
        owner.pop(self.name, None)


class _CacheControl(CallbackDict[str, str | None]):
    """Directives and their arguments; what requests and responses have in common."""

    no_store: Directive[bool] = Directive("no-store", bool)
    max_age: Directive[int | None] = Directive("max-age", int)
    no_transform: Directive[bool] = Directive("no-transform", bool)
    stale_if_error: Directive[int | None] = Directive("stale-if-error", int)

    def __init__(
        self,
        values: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = (),  # Any: whatever str() takes
        on_update: Callable[[Any], None] | None = None,  # Any: the subclass itself
    ) -> None:
        super().__init__(values, on_update)

    @staticmethod
    def cache_property(
        key: str,
        empty: object,
        type: type[Any] | None,  # Any: see Directive
        doc: str | None = None,
    ) -> Directive[Any]:
        """Make a property for one more directive, for subclasses: `bool`, `int`, or `None` for text; see `Directive`."""
        directive: Directive[Any] = Directive(key, str if type is None else type, empty)
        if doc is not None:
            directive.__doc__ = doc
        return directive

    def to_header(self) -> str:
        """Render the field value."""
        return render_dict_header(self)

    def __str__(self) -> str:
        return self.to_header()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {' '.join([f'{name}={value!r}' for name, value in sorted(self.items())])}>"


class RequestCacheControl(ImmutableDictMixin, _CacheControl):  # type: ignore[misc]  # see ImmutableDict
    """What a client demands of caches; cannot be changed. Numbers that are no numbers read as `None`."""

    no_cache: Directive[bool] = Directive("no-cache", bool)
    max_stale: Directive[int | bool | None] = Directive("max-stale", int, bare=True)
    min_fresh: Directive[int | None] = Directive("min-fresh", int)
    only_if_cached: Directive[bool] = Directive("only-if-cached", bool)


class ResponseCacheControl(_CacheControl):
    """What a server allows caches; each change calls `on_update`, which writes the field of a response."""

    no_cache: Directive[str | bool | None] = Directive("no-cache", str, bare=True)
    public: Directive[bool] = Directive("public", bool)
    private: Directive[str | bool | None] = Directive("private", str, bare=True)
    must_revalidate: Directive[bool] = Directive("must-revalidate", bool)
    proxy_revalidate: Directive[bool] = Directive("proxy-revalidate", bool)
    s_maxage: Directive[int | None] = Directive("s-maxage", int)
    immutable: Directive[bool] = Directive("immutable", bool)
    must_understand: Directive[bool] = Directive("must-understand", bool)
    stale_while_revalidate: Directive[int | None] = Directive("stale-while-revalidate", int)


@overload
def parse_cache_control_header(
    value: str | None, on_update: Callable[[Any], None] | None = None
) -> RequestCacheControl: ...
@overload
def parse_cache_control_header(
    value: str | None, on_update: Callable[[Any], None] | None = None, *, cls: type[C]
) -> C: ...
@overload
def parse_cache_control_header(value: str | None, on_update: Callable[[Any], None] | None, cls: type[C]) -> C: ...
def parse_cache_control_header(
    value: str | None,
    on_update: Callable[[Any], None] | None = None,  # Any: the kind of dict that is made
    cls: type[Any] | None = None,  # Any: see overloads
) -> Any:
    """Parse a field value, by default a request's. Names are read without regard to case (RFC 9111 §5.2)."""
    make: type[Any] = RequestCacheControl if cls is None else cls  # Any: as above
    if not value:
        return make((), on_update)
    return make({name.lower(): argument for name, argument in parse_dict_header(value).items()}, on_update)


def render_cache_control_header(value: _CacheControl) -> str:
    """Render a `Cache-Control` field value."""
    return value.to_header()
