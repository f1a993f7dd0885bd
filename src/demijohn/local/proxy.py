"""`LocalProxy`: a name that stands for whatever object the calling context holds at the moment of use.

Here: the proxy and its forwarding of every operation. Not here: where values are kept (storage.py). A proxy holds no state of
its own, so any thread, task or greenlet may use the same one.
"""

import copy
import math
import operator
from collections.abc import Callable
from contextvars import ContextVar
from operator import attrgetter
from typing import Any, Generic, Protocol, TypeVar

T = TypeVar("T")

DEFAULT_UNBOUND_MESSAGE = "object is not bound"


class Source(Protocol):
    """What a proxy asks for the present value; a `ContextVar` is one."""

    def get(self) -> Any:  # Any: a proxy may stand for anything
        """Return the value, or raise `LookupError` (`Unbound`, if it is not a ContextVar) where there is none."""


class Unbound(LookupError):
    """The calling context holds no value. Never seen by users: the proxy turns it into its `RuntimeError`."""


class ProxySource(Protocol):
    """A `Local` or `LocalStack`: an object that knows how a proxy finds a value in it."""

    def __proxy_source__(self, name: str | None) -> Source:
        """Return the source of attribute `name`."""


class _CallSource:
    """The value is what a function returns, or an attribute of that."""

    __slots__ = ("_function", "_name")

    def __init__(self, function: Callable[[], Any], name: str | None) -> None:
        self._function = function
        self._name = None if name is None else attrgetter(name)

    def get(self) -> Any:  # Any: a proxy may stand for anything
        value = self._function()
        return value if self._name is None else self._name(value)


class _DottedSource:
    """The value is `a.b` of what a ContextVar holds."""

    __slots__ = ("_name", "_variable")

    def __init__(self, variable: ContextVar[Any], name: str) -> None:
        self._variable = variable
        self._name = attrgetter(name)

    def get(self) -> Any:  # Any: a proxy may stand for anything
        try:
            owner = self._variable.get()
        except LookupError:
            raise Unbound from None
        return self._name(owner)


class LocalProxy(Generic[T]):
    """A proxy: a `LocalProxy` forwards every operation to the object that `local` holds for the calling context.

    Args:
        local: a `ContextVar`, a `Local` (then `name` is required), a `LocalStack` (its top), or a function.
        name: attribute of that object which the proxy stands for; `a.b` goes two steps.
        unbound_message: text of the `RuntimeError` that use without an object raises.

    Not forwarded: `type(proxy)` and `proxy is x`. An unbound proxy is falsy, has an empty `dir`, equals nothing but itself and
    has a `repr`; everything else raises `RuntimeError`. `_get_current_object()` returns the object itself, which is what to
    pass to other threads, to signals and to code that tests types.
    """

    __slots__ = ("__local", "__message", "__way")

    def __init__(
        self,
        local: "ContextVar[T] | ProxySource | Callable[[], T]",
        name: str | None = None,
        *,
        unbound_message: str | None = None,
    ) -> None:
        key: str | None = None
        source: Source
        if isinstance(local, ContextVar):
            if name is not None and "." in name:
                source = _DottedSource(local, name)
            else:
                source, key = local, name
        elif hasattr(type(local), "__proxy_source__"):
            source = local.__proxy_source__(name)  # type: ignore[union-attr]  # hasattr on the type does not narrow
        elif callable(local):
            source = _CallSource(local, name)
        else:
            raise TypeError(
                f"LocalProxy cannot stand for a {type(local).__name__!r}:"
                " give it a ContextVar, a Local with a name, a LocalStack or a function."
            )
        _set_way(self, (source.get, key))
        _set_local(self, local)
        _set_message(self, unbound_message or DEFAULT_UNBOUND_MESSAGE)

    def __init_subclass__(cls, **kwargs: Any) -> None:  # Any: object's signature
        super().__init_subclass__(**kwargs)
        if "__getattribute__" not in cls.__dict__:
            # Attributes that a subclass adds are its own; __getattribute__ below would forward them.
            cls.__getattribute__ = _getattribute_of_subclass  # type: ignore[method-assign]  # per subclass by design

    def _get_current_object(self) -> T:
        """Return the object behind the proxy.

        Raises:
            RuntimeError: there is none in this context.
        """
        return _current(self)  # type: ignore[no-any-return]  # the source knows the type

    # PERF: __getattribute__ and not __getattr__: with the latter the interpreter first searches the proxy itself and builds an
    # AttributeError, which costs three times as much as all of this (0.34 against 0.13 us, bench/micro_local.py).
    def __getattribute__(self, name: str) -> Any:  # Any: attributes of anything
        if name == "_get_current_object":
            return _own(self, name)
        get, key = _way_of(self)
        try:
            value = get()
        except (LookupError, RuntimeError) as error:
            return _unbound_attribute(self, name, error)
        if key is not None:
            value = getattr(value, key)
        try:
            return getattr(value, name)
        except AttributeError:
            if name == "__deepcopy__":  # deepcopy asks the proxy for it, not its class; functions, for one, have none
                return _own(self, name)
            raise

    def __setattr__(self, name: str, value: Any) -> None:  # Any: attributes of anything
        setattr(_current(self), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(_current(self), name)

    def __dir__(self) -> list[str]:
        try:
            return dir(_current(self))
        except RuntimeError:
            return []

    def __repr__(self) -> str:
        try:
            return repr(_current(self))
        except RuntimeError:
            if _is_bound(self):
                raise
            name = type(self).__name__
            return f"<{'LocalProxy' if name.startswith('_') else name} unbound>"  # our own subclasses are nobody's business

    def __bool__(self) -> bool:
        try:
            value = _current(self)
        except RuntimeError:
            return False
        return bool(value)

    def __eq__(self, other: object) -> Any:  # Any: numpy's and SQLAlchemy's == return no bool
        try:
            value = _current(self)
        except RuntimeError:
            return NotImplemented
        return value == other

    def __ne__(self, other: object) -> Any:  # Any: as __eq__
        try:
            value = _current(self)
        except RuntimeError:
            return NotImplemented
        return value != other

    def __hash__(self) -> int:
        return hash(_current(self))

    def __str__(self) -> str:
        return str(_current(self))

    def __bytes__(self) -> bytes:
        return bytes(_current(self))

    def __format__(self, spec: str) -> str:
        return format(_current(self), spec)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # Any: calls anything
        """Call the object."""
        return _current(self)(*args, **kwargs)

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, _current(self))

    def __subclasscheck__(self, subclass: type) -> bool:
        return issubclass(subclass, _current(self))

    def __copy__(self) -> T:
        return copy.copy(_current(self))  # type: ignore[no-any-return]  # the source knows the type

    def __deepcopy__(self, memo: dict[int, Any]) -> T:  # Any: anything may be copied
        return copy.deepcopy(_current(self), memo)  # type: ignore[no-any-return]  # the source knows the type

    def __getitem__(self, key: Any) -> Any:  # Any: items of anything
        return _current(self)[key]

    def __setitem__(self, key: Any, value: Any) -> None:  # Any: items of anything
        _current(self)[key] = value

    def __delitem__(self, key: Any) -> None:  # Any: items of anything
        del _current(self)[key]

    def __contains__(self, item: object) -> bool:
        return item in _current(self)

    def __round__(self, *digits: int) -> Any:  # Any: numbers of any kind
        return round(_current(self), *digits)

    def __pow__(self, other: Any, modulo: Any = None) -> Any:  # Any: numbers of any kind
        return pow(_current(self), other) if modulo is None else pow(_current(self), other, modulo)

    def __enter__(self) -> Any:  # Any: of any context manager
        return _current(self).__enter__()

    def __exit__(self, *exc_info: object) -> Any:  # Any: of any context manager
        return _current(self).__exit__(*exc_info)

    def __aenter__(self) -> Any:  # Any: of any context manager
        return _current(self).__aenter__()

    def __aexit__(self, *exc_info: object) -> Any:  # Any: of any context manager
        return _current(self).__aexit__(*exc_info)

    def __await__(self) -> Any:  # Any: of any awaitable
        return _current(self).__await__()


def _unary(operation: Callable[[Any], Any]) -> Callable[[Any], Any]:  # Any: operators of anything, here and below
    def method(self: Any) -> Any:
        return operation(_current(self))

    return method


def _binary(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        return operation(_current(self), other)

    return method


def _reflected(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        return operation(other, _current(self))

    return method


def _in_place(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    # The object changes; the name stays bound to the proxy. An immutable object stays what it is.
    def method(self: Any, other: Any) -> Any:
        operation(_current(self), other)
        return self

    return method


_UNARY: dict[str, Callable[[Any], Any]] = {
    "__len__": len,
    "__length_hint__": operator.length_hint,
    "__iter__": iter,
    "__next__": next,
    "__reversed__": reversed,
    "__neg__": operator.neg,
    "__pos__": operator.pos,
    "__abs__": abs,
    "__invert__": operator.invert,
    "__complex__": complex,
    "__int__": int,
    "__float__": float,
    "__index__": operator.index,
    "__trunc__": math.trunc,
    "__floor__": math.floor,
    "__ceil__": math.ceil,
    "__aiter__": aiter,
    "__anext__": lambda value: value.__anext__(),
}
_COMPARISONS = ("lt", "le", "gt", "ge")
_ARITHMETIC: dict[str, tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any] | None]] = {
    "add": (operator.add, operator.iadd),
    "sub": (operator.sub, operator.isub),
    "mul": (operator.mul, operator.imul),
    "matmul": (operator.matmul, operator.imatmul),
    "truediv": (operator.truediv, operator.itruediv),
    "floordiv": (operator.floordiv, operator.ifloordiv),
    "mod": (operator.mod, operator.imod),
    "divmod": (divmod, None),
    "pow": (operator.pow, operator.ipow),
    "lshift": (operator.lshift, operator.ilshift),
    "rshift": (operator.rshift, operator.irshift),
    "and": (operator.and_, operator.iand),
    "xor": (operator.xor, operator.ixor),
    "or": (operator.or_, operator.ior),
}


def _add_method(name: str, method: Callable[..., Any]) -> None:
    method.__name__ = name
    method.__qualname__ = f"LocalProxy.{name}"
    setattr(LocalProxy, name, method)


def _add_operators() -> None:
    for name, unary in _UNARY.items():
        _add_method(name, _unary(unary))
    for name in _COMPARISONS:
        _add_method(f"__{name}__", _binary(getattr(operator, name)))
    for name, (plain, in_place) in _ARITHMETIC.items():
        if name != "pow":  # takes three arguments; written out above
            _add_method(f"__{name}__", _binary(plain))
        _add_method(f"__r{name}__", _reflected(plain))
        if in_place is not None:
            _add_method(f"__i{name}__", _in_place(in_place))


_add_operators()

# The proxy's own slots and methods, reached past its __getattribute__ and __setattr__.
_own = object.__getattribute__
# PERF: how to get the value, and the attribute of it that is meant, are one tuple: one slot to read, not two.
_way_of: Callable[[Any], tuple[Callable[[], Any], str | None]] = vars(LocalProxy)["_LocalProxy__way"].__get__
_message_of: Callable[[Any], str] = vars(LocalProxy)["_LocalProxy__message"].__get__
_local_of: Callable[[Any], Any] = vars(LocalProxy)["_LocalProxy__local"].__get__
_set_way = vars(LocalProxy)["_LocalProxy__way"].__set__
_set_message = vars(LocalProxy)["_LocalProxy__message"].__set__
_set_local = vars(LocalProxy)["_LocalProxy__local"].__set__

_UNBOUND_NAMES = frozenset(
    {"__annotations__", "__class__", "__doc__", "__init__", "__module__", "__slots__", "__wrapped__"}
)
"""Attributes of an unbound proxy that tools ask every object for: they answer for the proxy itself."""


def _current(proxy: Any) -> Any:
    """Return the object behind `proxy`, or raise its `RuntimeError`."""
    get, key = _way_of(proxy)
    try:
        value = get()
    except LookupError as error:
        if _is_missing(get, error):
            raise RuntimeError(str(_message_of(proxy))) from None  # its __str__ may say more
        raise
    return value if key is None else getattr(value, key)


def _is_missing(get: Callable[[], Any], error: LookupError) -> bool:
    """Tell a missing value from a LookupError of the user's own function."""
    return isinstance(error, Unbound) or isinstance(getattr(get, "__self__", None), ContextVar)


def _is_bound(proxy: Any) -> bool:
    """Tell whether there is an object, so that a RuntimeError came from it."""
    try:
        _current(proxy)
    except RuntimeError:
        return False
    return True


def _unbound_attribute(proxy: Any, name: str, error: LookupError | RuntimeError) -> Any:
    if isinstance(error, RuntimeError):
        # The function asked another proxy, which is unbound: `LocalProxy(lambda: g.user)`.
        if name not in _UNBOUND_NAMES:
            raise error
    elif not _is_missing(_way_of(proxy)[0], error):
        raise error
    elif name not in _UNBOUND_NAMES:
        raise RuntimeError(str(_message_of(proxy))) from None  # its __str__ may say more
    if name == "__class__":
        return type(proxy)
    if name == "__wrapped__":
        return _local_of(proxy)
    return getattr(type(proxy), name)


def _getattribute_of_subclass(self: Any, name: str) -> Any:
    if not (name.startswith("__") and name.endswith("__")):
        for cls in type(self).__mro__:
            if cls is LocalProxy:
                break
            if name in cls.__dict__:
                return _own(self, name)
    return LocalProxy.__getattribute__(self, name)
