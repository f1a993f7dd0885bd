"""`Local`, `LocalStack`, `LocalManager`, `release_local`: values that each thread, asyncio task and greenlet has for itself.

Here: where the values are kept. Not here: proxies to them (proxy.py). What a ContextVar holds is never changed in place, only
replaced: a task or thread that copied its parent's context therefore neither sees nor makes later changes of the parent.
All methods act on the calling context and may be called from any thread.
"""

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from functools import update_wrapper
from typing import Any, Generic, Protocol, TypeVar, cast

from .proxy import LocalProxy, Source, Unbound

T = TypeVar("T")

Environ = dict[str, Any]  # Any: PEP 3333 leaves the values open
WSGIApplication = Callable[[Environ, Any], Iterable[bytes]]  # Any: start_response, which is passed through


class Releasable(Protocol):
    """A `Local` or `LocalStack`."""

    def __release_local__(self) -> None:
        """Forget the calling context's values."""


def release_local(local: Releasable) -> None:
    """Forget what the calling context holds in a `Local` or `LocalStack`; other contexts keep theirs."""
    local.__release_local__()


_NOTHING: dict[str, Any] = {}  # Any: attributes of any type
_NO_ITEMS: list[Any] = []  # Any: as above
# Neither is ever changed, as no value of a context variable is.


def _held(variable: ContextVar[T], empty: T) -> T:
    """Return what the calling context holds, the variable's own default, or else `empty`."""
    try:
        return variable.get()
    except LookupError:
        return empty


def context_ident() -> int:
    """Return the identity of the caller: its asyncio task, else its greenlet, else its thread.

    Equal for two calls exactly if they run in the same one; of something that has ended the number may come again.
    """
    # Neither module is imported for this: who runs in a task or greenlet has imported it.
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None:
        try:
            task = asyncio.current_task()
        except RuntimeError:  # no running loop in this thread
            task = None
        if task is not None:
            return id(task)
    greenlet = sys.modules.get("greenlet")
    current = None if greenlet is None else greenlet.getcurrent()
    if current is not None and current.parent is not None:
        return id(current)
    return threading.get_ident()


class Local:
    """An object whose attributes each context has for itself.

    Iterating yields `(name, value)` pairs of the calling context; `local("name")` is a `LocalProxy` to one of them.
    A context that was copied starts with its parent's attributes. Make one per module, not one per request: contexts keep a
    `ContextVar` they have met for as long as they live.

    Args:
        context_var: where to keep the attributes, as a dict that is replaced on each change; by default a new one.
    """

    __slots__ = ("__variable",)

    def __init__(self, context_var: ContextVar[dict[str, Any]] | None = None) -> None:  # Any: attributes of any type
        if context_var is None:
            context_var = ContextVar(f"demijohn.Local<{id(self)}>.storage")
        # Past our own __setattr__, which would store it in itself.
        object.__setattr__(self, "_Local__variable", context_var)

    @property
    def _storage(self) -> ContextVar[dict[str, Any]]:  # Any: see _NOTHING
        # COMPAT: Werkzeug's name for it.
        variable: ContextVar[dict[str, Any]] = self.__variable
        return variable

    def __iter__(self) -> Iterator[tuple[str, Any]]:  # Any: attributes of any type
        return iter(list(_held(self.__variable, _NOTHING).items()))

    def __call__(self, name: str, *, unbound_message: str | None = None) -> LocalProxy[Any]:  # Any: as above
        """Return a proxy to attribute `name`."""
        return LocalProxy(self, name, unbound_message=unbound_message)

    def __release_local__(self) -> None:
        self.__variable.set({})

    def __getattr__(self, name: str) -> Any:  # Any: attributes of any type
        try:
            return self.__variable.get()[name]
        except LookupError:
            raise AttributeError(name, name=name, obj=self) from None

    def __setattr__(self, name: str, value: Any) -> None:  # Any: attributes of any type
        self.__variable.set({**_held(self.__variable, _NOTHING), name: value})

    def __delattr__(self, name: str) -> None:
        values = _held(self.__variable, _NOTHING).copy()
        try:
            del values[name]
        except KeyError:
            raise AttributeError(name, name=name, obj=self) from None
        self.__variable.set(values)

    @property
    def __storage__(self) -> dict[int, dict[str, Any]]:  # Any: attributes of any type
        """What the calling context holds, under its identity (`__ident_func__()`); empty if it holds nothing. A copy.

        COMPAT: before Werkzeug 2.0 this showed all threads; what other contexts hold cannot be seen from here.
        """
        values = _held(self.__variable, _NOTHING)
        return {context_ident(): values.copy()} if values else {}

    @property
    def __ident_func__(self) -> Callable[[], int]:
        """The function that names the calling context: `context_ident`."""
        return context_ident

    def __proxy_source__(self, name: str | None) -> Source:
        if name is None:
            raise TypeError("A LocalProxy to a Local needs the 'name' of the attribute it stands for.")
        return _LocalSource(self, name)


class _LocalSource:
    """Where a proxy to `local.name` finds its object."""

    __slots__ = ("_local", "_name", "_path")

    def __init__(self, local: Local, name: str) -> None:
        self._local = local
        self._name, _, path = name.partition(".")
        self._path = path.split(".") if path else []

    def get(self) -> Any:  # Any: attributes of any type
        try:
            value = getattr(self._local, self._name)
            for name in self._path:
                value = getattr(value, name)
        except AttributeError:
            raise Unbound from None
        return value


class LocalStack(Generic[T]):
    """A stack that each context has for itself.

    `stack()` is a `LocalProxy` to its top, `stack("name")` to an attribute of the top.

    Args:
        context_var: where to keep the items, as a list that is replaced on each change; by default a new one.
    """

    __slots__ = ("_variable",)

    def __init__(self, context_var: ContextVar[list[T]] | None = None) -> None:
        if context_var is None:
            context_var = ContextVar(f"demijohn.LocalStack<{id(self)}>.storage")
        self._variable = context_var

    @property
    def _storage(self) -> ContextVar[list[T]]:
        # COMPAT: Werkzeug's name for it.
        return self._variable

    def __release_local__(self) -> None:
        self._variable.set([])

    def push(self, obj: T) -> list[T]:
        """Put `obj` on top and return the whole stack, bottom first."""
        items = [*_held(self._variable, _NO_ITEMS), obj]
        self._variable.set(items)
        return items

    def pop(self) -> T | None:
        """Take the top item off and return it; `None` if the stack is empty."""
        items: list[T] = _held(self._variable, _NO_ITEMS)
        if not items:
            return None
        self._variable.set(items[:-1])
        return items[-1]

    @property
    def top(self) -> T | None:
        """The top item; `None` if the stack is empty."""
        items: list[T] = _held(self._variable, _NO_ITEMS)
        return items[-1] if items else None

    def __call__(self, name: str | None = None, *, unbound_message: str | None = None) -> LocalProxy[Any]:
        """Return a proxy to the top item, or to its attribute `name`."""  # Any: of any type
        return LocalProxy(self, name, unbound_message=unbound_message)

    @property
    def _local(self) -> "StackStorage":
        # COMPAT: where the items are, as in Werkzeug before 2.0; tutorials print `stack._local.__storage__`.
        return StackStorage(lambda: _held(self._variable, _NO_ITEMS))

    def __proxy_source__(self, name: str | None) -> Source:
        return _StackSource(self, name)


class StackStorage:
    """What a stack holds for the calling context, read only. COMPAT: the `_local` that stacks had before Werkzeug 2.0."""

    __slots__ = ("_items",)

    def __init__(self, items: Callable[[], list[Any]]) -> None:  # Any: stacks of anything
        self._items = items

    @property
    def stack(self) -> list[Any]:  # Any: stacks of anything
        """A copy of the items, bottom first.

        Raises:
            AttributeError: there are none.
        """
        items = self._items()
        if not items:
            raise AttributeError("stack")
        return list(items)

    @property
    def __storage__(self) -> dict[int, dict[str, list[Any]]]:  # Any: stacks of anything
        """`{identity: {"stack": items}}` of the calling context (`__ident_func__()`); empty if it holds nothing."""
        items = self._items()
        return {context_ident(): {"stack": list(items)}} if items else {}

    @property
    def __ident_func__(self) -> Callable[[], int]:
        """The function that names the calling context: `context_ident`."""
        return context_ident


class _StackSource:
    """Where a proxy to the top of a stack finds its object."""

    __slots__ = ("_path", "_stack")

    def __init__(self, stack: LocalStack[Any], name: str | None) -> None:  # Any: stacks of anything
        self._stack = stack
        self._path = [] if name is None else name.split(".")

    def get(self) -> Any:  # Any: stacks of anything
        value = self._stack.top
        if value is None:
            raise Unbound
        for name in self._path:
            value = getattr(value, name)
        return value


class LocalManager:
    """Releases a number of locals together, typically when a WSGI request has ended.

    Args:
        locals: one `Local` or `LocalStack`, or several.
    """

    __slots__ = ("locals",)

    def __init__(self, locals: Releasable | Iterable[Releasable] | None = None) -> None:
        self.locals: list[Releasable] = []
        if isinstance(locals, Local | LocalStack):
            # First: a Local is iterable too.
            self.locals.append(locals)
        elif locals is not None:
            self.locals.extend(cast("Iterable[Releasable]", locals))

    def add(self, *locals: Releasable) -> None:
        """Release these too from now on."""
        self.locals.extend(locals)

    def cleanup(self) -> None:
        """Release all locals in the calling context."""
        for local in self.locals:
            release_local(local)

    def make_middleware(self, app: WSGIApplication) -> WSGIApplication:
        """Wrap a WSGI application so that the locals are released when its answer is closed, or if it raises."""

        def application(environ: Environ, start_response: Any) -> Iterable[bytes]:  # Any: passed through
            try:
                body = app(environ, start_response)
            except BaseException:
                self.cleanup()
                raise
            return _CleanupIterator(body, self.cleanup)

        return application

    def middleware(self, func: WSGIApplication) -> WSGIApplication:
        """Wrap like `make_middleware`, as a decorator: name and docstring are kept."""
        return update_wrapper(self.make_middleware(func), func)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} storages: {len(self.locals)}>"


class _CleanupIterator:
    """A WSGI body whose `close` also cleans up, once, whatever the body's own `close` does."""

    __slots__ = ("_body", "_chunks", "_cleanup")

    def __init__(self, body: Iterable[bytes], cleanup: Callable[[], None]) -> None:
        self._body = body
        self._chunks = iter(body)
        self._cleanup = cleanup

    def __iter__(self) -> "_CleanupIterator":
        return self

    def __next__(self) -> bytes:
        return next(self._chunks)

    def close(self) -> None:
        close = getattr(self._body, "close", None)
        try:
            if close is not None:
                close()
        finally:
            self._cleanup()
