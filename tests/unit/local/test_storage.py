"""Local, LocalStack, LocalManager and release_local in one context; isolation is in tests/laws/test_isolation_laws.py."""

import asyncio
import gc
import threading
import weakref
from contextvars import ContextVar, copy_context

import greenlet
import pytest

from demijohn.local import Local, LocalManager, LocalProxy, LocalStack, release_local


class Thing:
    """Can be referred to weakly."""


def test_attributes():
    local = Local()
    local.a = 1
    local.b = 2
    local.a = 3
    assert (local.a, local.b) == (3, 2)
    del local.a
    with pytest.raises(AttributeError, match="a"):
        local.a  # noqa: B018
    with pytest.raises(AttributeError, match="a"):
        del local.a
    assert list(local) == [("b", 2)]


def test_locals_are_apart():
    one, two = Local(), Local()
    one.x = 1
    assert not hasattr(two, "x")


def test_changing_while_iterating():
    local = Local()
    local.a = local.b = 1
    for name, _ in local:
        delattr(local, name)
        local.c = 1
    assert list(local) == [("c", 1)]


def test_release():
    local, stack = Local(), LocalStack()
    local.x = 1
    stack.push(1)
    release_local(local)
    release_local(stack)
    assert list(local) == []
    assert stack.top is None
    local.x = 2
    assert local.x == 2


def test_own_context_variable():
    variable = ContextVar("mine", default={"before": 1})
    local = Local(variable)
    assert local.before == 1
    local.x = 2
    assert variable.get() == {"before": 1, "x": 2}
    items = ContextVar("items")
    stack = LocalStack(items)
    stack.push("a")
    assert items.get() == ["a"]


def test_default_of_a_context_variable_is_not_changed():
    default = {"before": 1}
    local = Local(ContextVar("mine", default=default))
    local.x = 2
    del local.before
    release_local(local)
    assert default == {"before": 1}


def test_values_are_replaced_and_never_changed():
    variable = ContextVar("mine")
    local = Local(variable)
    local.a = 1
    seen = variable.get()
    local.b = 2
    del local.a
    assert seen == {"a": 1}
    items = ContextVar("items")
    stack = LocalStack(items)
    stack.push(1)
    seen = items.get()
    stack.push(2)
    stack.pop()
    stack.pop()
    assert seen == [1]


def test_stack():
    stack = LocalStack()
    assert stack.top is None
    assert stack.pop() is None
    assert stack.push(1) == [1]
    assert stack.push(2) == [1, 2]
    assert stack.top == 2
    assert (stack.pop(), stack.pop(), stack.pop()) == (2, 1, None)


def test_stack_of_falsy_items():
    stack = LocalStack()
    stack.push(0)
    assert stack.top == 0
    assert stack() == 0
    assert stack.pop() == 0


def test_proxies():
    local = Local()
    proxy = local("x")
    assert isinstance(proxy, LocalProxy)
    local.x = [1]
    assert proxy == [1]
    release_local(local)
    assert repr(proxy) == "<LocalProxy unbound>"


# ---- introspection


def test_storage_shows_what_the_calling_context_holds():
    local = Local()
    assert local.__storage__ == {}
    local.x = 1
    ident = local.__ident_func__()
    assert ident == threading.get_ident()
    assert local.__storage__ == {ident: {"x": 1}}
    local.__storage__[ident]["x"] = 2
    assert local.x == 1
    release_local(local)
    assert local.__storage__ == {}


def test_the_storage_of_a_stack_shows_what_the_calling_context_holds():
    stack = LocalStack()
    assert stack._local.__storage__ == {}
    with pytest.raises(AttributeError, match="stack"):
        _ = stack._local.stack
    stack.push(1)
    stack.push(None)
    ident = threading.get_ident()
    assert stack._local.__ident_func__() == ident
    assert stack._local.__storage__ == {ident: {"stack": [1, None]}}
    assert stack._local.stack == [1, None]
    assert copy_context().run(lambda: (stack.pop(), stack._local.stack)) == (None, [1])
    assert stack._local.stack == [1, None]


def test_ident_tells_tasks_threads_and_greenlets_apart():
    local = Local()
    here = local.__ident_func__()
    idents = [here]

    def note():
        ident = local.__ident_func__()
        assert ident == local.__ident_func__()
        local.x = ident
        assert local.__storage__ == {ident: {"x": ident}}
        idents.append(ident)

    async def task():
        note()
        await asyncio.sleep(0)

    async def main():
        await asyncio.gather(task(), task())

    asyncio.run(main())
    thread = threading.Thread(target=note)
    thread.start()
    thread.join()
    green = [greenlet.greenlet(note) for _ in range(2)]
    for one in green:
        one.switch()
    assert len({*idents[:3]}) == 3
    assert len({*idents[4:], here}) == 3
    assert idents[3] != here
    assert local.__ident_func__() == here


# ---- manager


def test_manager_takes_one_several_or_none():
    local, stack = Local(), LocalStack()
    local.x = 1  # a Local is iterable: it must not be taken for several
    assert LocalManager().locals == []
    assert LocalManager(local).locals == [local]
    assert LocalManager(stack).locals == [stack]
    manager = LocalManager([local])
    manager.add(stack)
    assert manager.locals == [local, stack]
    assert repr(manager) == "<LocalManager storages: 2>"


def test_cleanup():
    local, stack = Local(), LocalStack()
    local.x = 1
    stack.push(1)
    LocalManager([local, stack]).cleanup()
    assert list(local) == []
    assert stack.top is None


@pytest.fixture
def managed():
    local = Local()
    return local, LocalManager(local)


def test_middleware_cleans_up_when_the_body_is_closed(managed):
    local, manager = managed

    @manager.middleware
    def application(environ, start_response):
        """Answers."""
        local.x = environ["x"]
        return [b"a", b"b"]

    assert application.__doc__ == "Answers."
    assert application.__name__ == "application"
    body = application({"x": 1}, None)
    assert list(body) == [b"a", b"b"]
    assert local.x == 1
    body.close()
    assert list(local) == []


def test_middleware_closes_the_body_and_cleans_up_even_if_that_fails(managed):
    local, manager = managed
    closed = []

    class Body:
        def __iter__(self):
            return iter([b"x"])

        def close(self):
            closed.append(local.x)
            raise OSError("close")

    def application(environ, start_response):
        local.x = 1
        return Body()

    body = manager.make_middleware(application)({}, None)
    assert next(body) == b"x"
    with pytest.raises(OSError, match="close"):
        body.close()
    assert closed == [1]
    assert list(local) == []


def test_middleware_cleans_up_if_the_application_raises(managed):
    local, manager = managed

    def application(environ, start_response):
        local.x = 1
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        manager.make_middleware(application)({}, None)
    assert list(local) == []


# ---- memory


def test_released_and_replaced_values_are_freed():
    local, stack = Local(), LocalStack()
    references = []
    for release in (lambda: release_local(local), lambda: setattr(local, "x", None), lambda: delattr(local, "x")):
        local.x = thing = Thing()
        references.append(weakref.ref(thing))
        del thing
        release()
    stack.push(Thing())
    references.append(weakref.ref(stack.top))
    stack.pop()
    stack.push(Thing())
    references.append(weakref.ref(stack.top))
    release_local(stack)
    gc.collect()
    assert [reference() for reference in references] == [None] * 5


def test_values_go_with_their_context():
    local = Local()
    references = []

    def work():
        local.x = thing = Thing()
        references.append(weakref.ref(thing))

    async def task():
        work()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    copy_context().run(work)
    asyncio.run(task())
    greenlet.greenlet(work).switch()
    gc.collect()
    assert len(references) == 4
    assert [reference() for reference in references] == [None] * 4


def test_a_proxy_keeps_nothing_alive():
    local = Local()
    proxy = local("x")
    local.x = Thing()
    reference = weakref.ref(local.x)
    assert proxy.__class__ is Thing
    assert (proxy == 1) is False
    release_local(local)
    gc.collect()
    assert reference() is None
