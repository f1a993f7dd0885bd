"""Descriptors: `cached_property`, and properties that show one header field or one environ variable as a Python value.

Nothing here knows requests or responses; extensions use these for classes of their own. Descriptors hold no state per
instance and may be used from any thread; two threads that touch a cached property first may both compute it.
"""

from collections.abc import Callable, MutableMapping
from contextlib import suppress
from typing import Any, Generic, Self, TypeVar, cast, overload

_T = TypeVar("_T")

_MISSING = object()
_store = object.__setattr__


class cached_property(Generic[_T]):  # noqa: N801  COMPAT: named like the built-in
    """Turn a method into an attribute that is computed at first touch and then kept on the instance.

    The value lives in the instance's `__dict__` under the property's name, so later reads are plain attribute reads.
    Assigning sets the value, deleting forgets it; deleting one that was not computed is a `KeyError`, except with slots. A class
    with `__slots__` and no `__dict__` needs a slot named `_cache_<name>`. Reads take no lock.
    """

    def __init__(
        self,
        fget: Callable[[Any], _T],  # Any: a method of whatever class the property is on
        name: str | None = None,
        doc: str | None = None,
    ) -> None:
        self.fget = fget
        self.__name__ = name or fget.__name__
        self.__doc__ = doc if doc is not None else fget.__doc__
        self.__module__ = fget.__module__
        self.slot_name = f"_cache_{self.__name__}"

    def __set_name__(self, owner: type, name: str) -> None:
        if owner.__dictoffset__ == 0:
            # Instances have no __dict__: the twin below is a data descriptor that keeps the value in a slot.
            self.__class__ = _SlottedProperty
        elif not owner.__module__.startswith("demijohn."):
            self.__class__ = _DeletableProperty

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type) -> _T: ...

    def __get__(self, instance: object | None, owner: type) -> Self | _T:
        if instance is None:
            return self
        # PERF: without a __set__ the interpreter finds the kept value before it finds this descriptor.
        value = self.fget(instance)
        # PERF: not through `__dict__`: an instance that was asked for it has a dict of its own from then on, and each read of any
        # attribute takes three times as long.
        _store(instance, self.__name__, value)
        return value


class _DeletableProperty(cached_property[_T]):
    """One of a class that is not ours. COMPAT: extensions expect the `KeyError`; each read is a call, as with Werkzeug."""

    def __get__(self, instance: object | None, owner: type) -> Any:  # Any: both overloads of the parent in one
        if instance is None:
            return self
        kept = instance.__dict__
        value = kept.get(self.__name__, _MISSING)
        if value is _MISSING:
            value = kept[self.__name__] = self.fget(instance)
        return value

    def __set__(self, instance: object, value: _T) -> None:
        instance.__dict__[self.__name__] = value

    def __delete__(self, instance: object) -> None:
        del instance.__dict__[self.__name__]


class _SlottedProperty(cached_property[_T]):
    """A cached property of a class whose instances have no `__dict__`."""

    def __get__(self, instance: object | None, owner: type) -> Any:  # Any: both overloads of the parent in one
        if instance is None:
            return self
        value = getattr(instance, self.slot_name, _MISSING)
        if value is _MISSING:
            value = self.fget(instance)
            setattr(instance, self.slot_name, value)
        return value

    def __set__(self, instance: object, value: _T) -> None:
        setattr(instance, self.slot_name, value)

    def __delete__(self, instance: object) -> None:
        with suppress(AttributeError):
            delattr(instance, self.slot_name)


class _MappedProperty(Generic[_T]):
    """What `header_property` and `environ_property` share: a named string shown as a loaded value."""

    read_only = False

    def __init__(
        self,
        name: str,
        default: _T | None = None,
        load_func: Callable[[str], _T] | None = None,
        dump_func: Callable[[_T], str | None] | None = None,
        read_only: bool | None = None,
        doc: str | None = None,
    ) -> None:
        self.name = name
        self.default = default
        self.load_func = load_func
        self.dump_func = dump_func
        if read_only is not None:
            self.read_only = read_only
        self.__doc__ = doc

    def lookup(self, obj: Any) -> MutableMapping[str, Any]:  # Any: the owner only has to carry the mapping
        """Return the mapping of `obj` that the property reads and writes."""
        raise NotImplementedError

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type) -> _T: ...

    def __get__(self, instance: object | None, owner: type) -> Self | _T:
        if instance is None:
            return self
        value: Any = self.lookup(instance).get(self.name)
        # Any: typed as always present although it may be None, as users' annotations expect.
        if value is None:
            value = self.default
        elif self.load_func is not None:
            try:
                return self.load_func(value)
            except (ValueError, TypeError):
                value = self.default
        return value  # type: ignore[no-any-return]  # see above

    def __set__(self, instance: object, value: _T | None) -> None:
        if self.read_only:
            raise AttributeError("The property is for reading only.")
        mapping = self.lookup(instance)
        dump = self.dump_func
        text: object = value
        if dump is not None and not (value is None and dump is str):
            text = dump(cast("_T", value))
        if text is None:
            mapping.pop(self.name, None)
        else:
            mapping[self.name] = text

    def __delete__(self, instance: object) -> None:
        if self.read_only:
            raise AttributeError("The property is for reading only.")
        self.lookup(instance).pop(self.name, None)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


class header_property(_MappedProperty[_T]):  # noqa: N801  COMPAT: named like the built-in
    """Show one field of `instance.headers` as a value.

    `load_func` turns the field's text into the value (a `ValueError` or `TypeError` gives `default`), `dump_func` turns it
    back. Assigning `None` removes the field, unless `dump_func` makes a text of it.
    """

    def lookup(self, obj: Any) -> MutableMapping[str, Any]:  # Any: see the parent
        """Return `obj.headers`."""
        return obj.headers  # type: ignore[no-any-return]  # see the parent


class environ_property(_MappedProperty[_T]):  # noqa: N801  COMPAT: named like the built-in
    """Show one variable of `instance.environ` as a value; read-only unless told otherwise."""

    read_only = True

    def lookup(self, obj: Any) -> MutableMapping[str, Any]:  # Any: see the parent
        """Return `obj.environ`."""
        return obj.environ  # type: ignore[no-any-return]  # see the parent
