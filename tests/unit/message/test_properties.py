"""Descriptors."""

import pytest

from demijohn.http.headers import Headers
from demijohn.message.properties import cached_property, environ_property, header_property


class Counted:
    def __init__(self):
        self.calls = 0

    @cached_property
    def value(self):
        """What it is."""
        self.calls += 1
        return self.calls


def test_a_cached_property_is_computed_once():
    thing = Counted()
    assert [thing.value, thing.value] == [1, 1]
    assert vars(thing)["value"] == 1


def test_a_cached_property_can_be_set_and_forgotten():
    thing = Counted()
    thing.value = 9
    assert thing.value == 9
    del thing.value
    assert thing.value == 1


def test_forgetting_what_was_not_computed_is_a_key_error():
    """As with Werkzeug: Flask-Dance relies on it."""
    with pytest.raises(KeyError):
        del Counted().value


def test_a_cached_property_shows_its_method_on_the_class():
    assert isinstance(Counted.value, cached_property)
    assert Counted.value.__name__ == "value"
    assert Counted.value.__doc__ == "What it is."
    assert Counted.value.__module__ == __name__


def test_a_cached_property_without_a_dict_uses_its_slot():
    class Slotted:
        __slots__ = ("_cache_value", "calls")

        @cached_property
        def value(self):
            self.calls += 1
            return self.calls

    thing = Slotted()
    thing.calls = 0
    assert [thing.value, thing.value] == [1, 1]
    thing.value = 9
    assert thing.value == 9
    del thing.value
    assert thing.value == 2
    del thing.value, thing.value  # the second time there is none
    assert thing.value == 3
    assert isinstance(Slotted.value, cached_property)


def test_a_cached_property_under_another_name():
    class Thing:
        shown = cached_property(lambda self: object(), name="shown", doc="Doc.")

    thing = Thing()
    assert thing.shown is thing.shown
    assert Thing.shown.__doc__ == "Doc."


class Message:
    number = header_property[int]("X-Number", 7, int, str, doc="A number.")
    text = header_property[str]("X-Text")
    fixed = header_property[str]("X-Text", read_only=True)
    variable = environ_property[str]("x.variable")
    writable = environ_property[str]("x.variable", read_only=False)

    def __init__(self, **headers):
        self.headers = Headers(headers)
        self.environ = {}


def test_header_properties_load_and_dump():
    message = Message()
    assert (message.number, message.text) == (7, None)
    message.number = 3
    message.text = "a"
    assert message.headers["X-Number"] == "3"
    assert (message.number, message.text) == (3, "a")
    del message.text
    assert "X-Text" not in message.headers
    del message.text
    assert Message.number.__doc__ == "A number."
    assert repr(Message.number) == "<header_property X-Number>"


def test_none_takes_a_field_away():
    message = Message()
    message.number, message.text = 1, "a"
    message.number = message.text = None
    assert list(message.headers) == []


def test_what_cannot_be_loaded_is_the_default():
    message = Message()
    message.headers["X-Number"] = "many"
    assert message.number == 7


def test_a_header_property_cannot_start_another_line():
    message = Message()
    with pytest.raises(ValueError):
        message.text = "a\r\nSet-Cookie: b"
    assert list(message.headers) == []


def test_read_only_properties():
    message = Message()
    for name in ("fixed", "variable"):
        with pytest.raises(AttributeError):
            setattr(message, name, "x")
        with pytest.raises(AttributeError):
            delattr(message, name)
    message.environ["x.variable"] = "v"
    assert message.variable == "v"
    message.writable = "w"
    assert message.variable == "w"
