"""LocalProxy: every operation reaches the object, and an unbound proxy says so."""

import asyncio
import copy
import math
import operator
import pickle
from contextvars import ContextVar, copy_context

import pytest

from demijohn.local import Local, LocalProxy, LocalStack


class Box:
    """Something with attributes, held by contexts."""

    def __init__(self, **attributes):
        self.__dict__.update(attributes)


@pytest.fixture
def variable():
    return ContextVar("variable")


def proxy_to(value):
    return LocalProxy(lambda: value)


def unbound_proxies():
    return [
        LocalProxy(ContextVar("v")),
        LocalProxy(ContextVar("v"), "name"),
        LocalProxy(ContextVar("v"), "a.b"),
        Local()("name"),
        LocalStack()(),
        LocalStack()("name"),
    ]


# ---- what a proxy can stand for


def test_context_variable(variable):
    plain, named, dotted = LocalProxy(variable), LocalProxy(variable, "inner"), LocalProxy(variable, "inner.x")
    variable.set(Box(x=1, inner=Box(x=2)))
    assert (plain.x, named.x, dotted) == (1, 2, 2)
    assert plain._get_current_object() is variable.get()
    assert named._get_current_object() is variable.get().inner


def test_local():
    local = Local()
    local.name = Box(x=1, y=Box(z=2))
    assert LocalProxy(local, "name").x == 1
    assert local("name.y").z == 2
    with pytest.raises(TypeError, match="name"):
        LocalProxy(local)


def test_stack():
    stack = LocalStack()
    proxy, x = stack(), stack("x")
    stack.push(Box(x=1))
    stack.push(Box(x=2))
    assert (proxy.x, x) == (2, 2)
    stack.pop()
    assert (proxy.x, x) == (1, 1)


def test_function():
    assert proxy_to([1, 2])[1] == 2
    assert LocalProxy(lambda: "ab", "upper")() == "AB"
    assert LocalProxy(lambda: Box(a=Box(b=3)), "a.b") == 3


def test_class_of_proxies_is_generic():
    assert LocalProxy[int] is not None


@pytest.mark.parametrize("wrong", [3, None, "text"])
def test_what_it_cannot_stand_for(wrong):
    with pytest.raises(TypeError, match=type(wrong).__name__):
        LocalProxy(wrong)


def test_errors_of_the_object_come_through(variable):
    class Failing:
        @property
        def key(self):
            raise KeyError("mine")

        @property
        def attribute(self):
            raise AttributeError("mine")

        def __repr__(self):
            raise RuntimeError("mine")

    variable.set(Failing())
    proxy = LocalProxy(variable)
    with pytest.raises(KeyError, match="mine"):
        proxy.key  # noqa: B018
    with pytest.raises(AttributeError, match="mine"):
        proxy.attribute  # noqa: B018
    with pytest.raises(RuntimeError, match="mine"):
        repr(proxy)
    with pytest.raises(AttributeError, match="Failing"):
        proxy.missing  # noqa: B018


def test_lookup_error_of_a_function_is_not_taken_for_unbound():
    def fail():
        raise KeyError("mine")

    proxy = LocalProxy(fail)
    for use in (
        lambda: proxy.x,
        lambda: proxy + 1,
        lambda: repr(proxy),
        lambda: bool(proxy),
        proxy._get_current_object,
    ):
        with pytest.raises(KeyError, match="mine"):
            use()


def test_name_that_the_object_lacks(variable):
    variable.set(Box())
    with pytest.raises(AttributeError, match="name"):
        LocalProxy(variable, "name").x  # noqa: B018


# ---- unbound


def test_a_proxy_of_what_another_one_holds_is_unbound_with_it():
    """`LocalProxy(lambda: g.user)` in a module: tools ask it for its class while nobody is at work (Flask-Dance's fixture)."""
    inner = LocalProxy(ContextVar("nothing"), unbound_message="no value here")
    outer = LocalProxy(lambda: inner.user)
    assert outer.__class__ is LocalProxy
    assert not isinstance(outer, list)
    assert not outer
    assert repr(outer) == "<LocalProxy unbound>"
    with pytest.raises(RuntimeError, match="no value here"):
        _ = outer.name


@pytest.mark.parametrize("proxy", unbound_proxies(), ids=range(6))
def test_unbound(proxy):
    assert not proxy
    assert dir(proxy) == []
    assert repr(proxy) == "<LocalProxy unbound>"
    assert type(proxy) is LocalProxy
    assert isinstance(proxy, LocalProxy)
    assert proxy.__class__ is LocalProxy
    assert proxy.__doc__ == LocalProxy.__doc__
    assert proxy != 1
    assert not proxy == 1
    assert proxy == proxy
    for use in (
        lambda: proxy.x,
        lambda: proxy.__dict__,
        lambda: setattr(proxy, "x", 1),
        lambda: delattr(proxy, "x"),
        lambda: proxy + 1,
        lambda: 1 + proxy,
        lambda: proxy(),
        lambda: str(proxy),
        lambda: hash(proxy),
        lambda: len(proxy),
        lambda: proxy < 1,
        lambda: operator.iadd(proxy, 1),
        lambda: copy.copy(proxy),
        proxy._get_current_object,
    ):
        with pytest.raises(RuntimeError, match="object is not bound"):
            use()


def test_unbound_message(variable):
    for proxy in (
        LocalProxy(variable, unbound_message="do this"),
        LocalProxy(variable, "x", unbound_message="do this"),
        Local()("x", unbound_message="do this"),
        LocalStack()(unbound_message="do this"),
    ):
        with pytest.raises(RuntimeError, match="do this") as caught:
            proxy.x  # noqa: B018
        assert caught.value.__suppress_context__


def test_wrapped_of_an_unbound_proxy_is_what_it_was_made_of(variable):
    assert LocalProxy(variable).__wrapped__ is variable
    with pytest.raises(AttributeError):
        proxy_to(1).__wrapped__  # noqa: B018


# ---- attributes and identity


def test_attributes(variable):
    box = Box(x=1)
    variable.set(box)
    proxy = LocalProxy(variable)
    proxy.y = 2
    assert box.y == 2
    del proxy.x
    assert not hasattr(box, "x")
    assert proxy.__dict__ is box.__dict__
    assert "y" in dir(proxy)
    assert getattr(proxy, "x", 3) == 3


def test_no_name_of_the_proxy_hides_one_of_the_object():
    names = ["_var", "name", "_name", "get", "local", "source", "key", "_LocalProxy__local", "__wrapped__", "__doc__"]
    box = Box(**dict.fromkeys(names, "the object's"))
    for name in names:
        assert getattr(proxy_to(box), name) == "the object's"


def test_class_and_isinstance():
    proxy = proxy_to(1)
    assert proxy.__class__ is int
    assert isinstance(proxy, int)
    assert not isinstance(proxy, str)
    assert isinstance(1, proxy_to(int))
    assert issubclass(bool, proxy_to(int))


def test_equality_and_hash():
    proxy = proxy_to((1, 2))
    assert proxy == (1, 2)
    assert (1, 2) == proxy
    assert proxy != (1,)
    assert hash(proxy) == hash((1, 2))
    assert {(1, 2): "x"}[proxy] == "x"
    assert proxy == proxy_to((1, 2))


def test_equality_that_is_no_bool():
    class Column:
        def __eq__(self, other):
            return ["eq", other]

        def __ne__(self, other):
            return ["ne", other]

        __hash__ = object.__hash__

    assert (proxy_to(Column()) == 1) == ["eq", 1]
    assert (proxy_to(Column()) != 1) == ["ne", 1]


def test_text():
    assert str(proxy_to("ä")) == "ä"
    assert repr(proxy_to("ä")) == "'ä'"
    assert bytes(proxy_to(b"x")) == b"x"
    assert f"{proxy_to(5):03d} {proxy_to(5)!s}" == "005 5"


def test_bool():
    assert not proxy_to([])
    assert proxy_to([0])


def test_copies_and_pickles_are_of_the_object():
    inner = [1]
    value = [inner]
    proxy = proxy_to(value)
    shallow, deep = copy.copy(proxy), copy.deepcopy(proxy)
    assert type(shallow) is type(deep) is list
    assert shallow[0] is inner
    assert deep[0] == inner
    assert deep[0] is not inner
    assert pickle.loads(pickle.dumps(proxy)) == value


@pytest.mark.parametrize("value", [test_bool, int, None, 5], ids=["function", "class", "none", "number"])
def test_what_is_its_own_copy(value):
    assert copy.copy(proxy_to(value)) is value
    assert copy.deepcopy(proxy_to(value)) is value


# ---- operators


BINARY = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lshift", "rshift", "and_", "xor", "or_"]
COMPARISONS = ["lt", "le", "gt", "ge", "eq", "ne"]


@pytest.mark.parametrize("name", BINARY + COMPARISONS)
def test_binary_operators_from_both_sides(name):
    operation = getattr(operator, name)
    assert operation(proxy_to(13), 2) == operation(13, 2)
    assert operation(13, proxy_to(2)) == operation(13, 2)
    assert operation(proxy_to(13), proxy_to(2)) == operation(13, 2)


def test_divmod_and_pow():
    assert divmod(proxy_to(7), 2) == divmod(7, proxy_to(2)) == (3, 1)
    assert pow(proxy_to(3), 4, 5) == 1


class Matrix:
    """Records what is done to it."""

    def __init__(self):
        self.log = []

    def __matmul__(self, other):
        return "matmul", other

    def __rmatmul__(self, other):
        return "rmatmul", other


def test_matmul():
    assert proxy_to(Matrix()) @ 1 == ("matmul", 1)
    assert 1 @ proxy_to(Matrix()) == ("rmatmul", 1)


IN_PLACE = "iadd isub imul imatmul itruediv ifloordiv imod ipow ilshift irshift iand ixor ior".split()


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place_operators_change_the_object_and_keep_the_proxy(name):
    class Counter:
        calls = ()

    def method(self, other):
        self.calls = (*self.calls, other)
        return self

    setattr(Counter, f"__{name}__", method)
    counter = Counter()
    proxy = proxy_to(counter)
    result = getattr(operator, name)(proxy, 5)
    assert result is proxy
    assert counter.calls == (5,)


def test_in_place_on_a_list_is_seen_by_all():
    value = [1]
    proxy = original = proxy_to(value)
    proxy += [2]
    proxy *= 2
    assert proxy is original
    assert value == [1, 2, 1, 2]


def test_unary_operators_and_conversions():
    proxy = proxy_to(-7)
    assert (-proxy, +proxy, abs(proxy), ~proxy) == (7, -7, 7, 6)
    assert (int(proxy), float(proxy), complex(proxy), operator.index(proxy)) == (-7, -7.0, -7 + 0j, -7)
    half = proxy_to(-7.56)
    assert (round(half), round(half, 1), math.trunc(half), math.floor(half), math.ceil(half)) == (-8, -7.6, -7, -8, -7)


def test_containers():
    value = {"a": 1}
    proxy = proxy_to(value)
    proxy["b"] = 2
    del proxy["a"]
    assert value == {"b": 2}
    assert (proxy["b"], len(proxy), "b" in proxy, list(proxy)) == (2, 1, True, ["b"])
    assert list(reversed(proxy_to([1, 2]))) == [2, 1]
    assert operator.length_hint(proxy_to([1, 2])) == 2
    numbers = proxy_to(iter([1, 2]))
    assert next(numbers) == 1
    assert list(numbers) == [2]


def test_call_and_context_manager():
    assert proxy_to(max)(1, 2, key=lambda x: -x) == 1

    class Manager:
        def __enter__(self):
            return "in"

        def __exit__(self, kind, error, traceback):
            return kind is KeyError

    with proxy_to(Manager()) as entered:
        assert entered == "in"
        raise KeyError("swallowed")


def test_asynchronous_protocols():
    class Source:
        def __init__(self):
            self.left = 2

        def __aiter__(self):
            return self

        async def __anext__(self):
            if not self.left:
                raise StopAsyncIteration
            self.left -= 1
            return self.left

        async def __aenter__(self):
            return "in"

        async def __aexit__(self, kind, error, traceback):
            return kind is KeyError

    async def work():
        return 5

    async def main():
        assert [x async for x in proxy_to(Source())] == [1, 0]
        assert await anext(proxy_to(Source())) == 1
        async with proxy_to(Source()) as entered:
            assert entered == "in"
            raise KeyError("swallowed")
        return await proxy_to(work())

    assert asyncio.run(main()) == 5


# ---- subclasses


def test_attributes_of_a_subclass_are_its_own(variable):
    class Named(LocalProxy):
        label = "mine"

        def describe(self):
            return f"{self.label} of {self.x}"

    variable.set(Box(x=1, label="the object's"))
    proxy = Named(variable)
    assert proxy.describe() == "mine of 1"
    assert proxy.__class__ is Box
    assert proxy._get_current_object() is variable.get()
    assert repr(Named(ContextVar("other"))) == "<Named unbound>"


def test_each_context_has_its_own_object(variable):
    proxy = LocalProxy(variable, "x")
    variable.set(Box(x=1))
    context = copy_context()
    context.run(variable.set, Box(x=2))
    assert proxy == 1
    assert context.run(lambda: proxy + 0) == 2
