"""routing.converters: what each takes, what it makes of it, and back."""

import sys
import uuid

import pytest

from demijohn.http.errors import NotFound
from demijohn.routing import (
    BaseConverter,
    BuildError,
    FloatConverter,
    IntegerConverter,
    Map,
    PathConverter,
    Rule,
    UUIDConverter,
    ValidationError,
)

UUID = "a8098c1a-f86e-11da-bd1a-00112444be1e"


def adapter(converter, **converters):
    return Map([Rule(f"/<{converter}:x>", endpoint="x")], converters=converters).bind("example.org")


TAKEN = [
    ("string", "/é b", "é b"),
    ("string(length=2)", "/ab", "ab"),
    ("string(minlength=2)", "/abc", "abc"),
    ("string(2, 3)", "/abc", "abc"),
    ("string", "/a\nb", "a\nb"),
    ("any(a, b)", "/b", "b"),
    ('any("a,b", c.d)', "/a,b", "a,b"),
    ("any(1, 2)", "/2", "2"),
    ("path", "/a/b/c", "a/b/c"),
    ("int", "/007", 7),
    ("int", "/٣", 3),
    ("int(fixed_digits=3)", "/007", 7),
    ("int(min=3)", "/3", 3),
    ("int(max=3)", "/3", 3),
    ("int(signed=True)", "/-3", -3),
    ("int(signed=True, min=-3)", "/-3", -3),
    ("float", "/1.5", 1.5),
    ("float(signed=True)", "/-1.5", -1.5),
    ("float(min=0.5, max=2)", "/0.5", 0.5),
    ("uuid", f"/{UUID.upper()}", uuid.UUID(UUID)),
]


@pytest.mark.parametrize(("converter", "path", "value"), TAKEN)
def test_takes_a_text_and_gives_its_value(converter, path, value):
    matched = adapter(converter).match(path)[1]["x"]
    assert matched == value
    assert type(matched) is type(value)


REFUSED = [
    ("string(length=2)", "/abc"),
    ("string(minlength=2)", "/a"),
    ("string(maxlength=2)", "/abc"),
    ("string", "/a/b"),
    ("any(a, b)", "/ab"),
    ("int", "/-3"),
    ("int", "/3.0"),
    ("int", "/²"),
    ("int", "/3\n"),
    ("int(fixed_digits=3)", "/07"),
    ("int(min=3)", "/2"),
    ("int(max=3)", "/4"),
    ("int(signed=True, min=-3)", "/-4"),
    ("float", "/1"),
    ("float", "/1.5e3"),
    ("float(max=2)", "/2.5"),
    ("uuid", "/a8098c1a"),
]


@pytest.mark.parametrize(("converter", "path"), REFUSED)
def test_refuses_a_text_that_is_no_value(converter, path):
    with pytest.raises(NotFound):
        adapter(converter).match(path)


@pytest.mark.parametrize("converter", ["int", "int(min=1)", "int(signed=True)"])
def test_more_digits_than_python_converts_are_not_found(converter):
    digits = "9" * (sys.get_int_max_str_digits() + 1)
    with pytest.raises(NotFound):
        adapter(converter).match(f"/{digits}")


BUILT = [
    ("string", "a b/ü?#", "/a%20b/%C3%BC%3F%23"),
    ("string", "!$&'()*+,:;=@-._~", "/!$&'()*+,:;=@-._~"),
    ("string", "a%2Fb", "/a%252Fb"),
    ("string", 5, "/5"),
    ("string", "\ud800", "/%EF%BF%BD"),
    ("path", "a/b c", "/a/b%20c"),
    ("any(a, b)", "b", "/b"),
    ('any("é b?", b)', "é b?", "/%C3%A9%20b%3F"),
    ("int", "7", "/7"),
    ("int(fixed_digits=3)", 7, "/007"),
    ("float", 1, "/1.0"),
    ("uuid", uuid.UUID(UUID), f"/{UUID}"),
    ("uuid", UUID, f"/{UUID}"),
]


@pytest.mark.parametrize(("converter", "value", "url"), BUILT)
def test_gives_the_text_of_a_value(converter, value, url):
    assert adapter(converter).build("x", {"x": value}) == url


def test_any_refuses_to_build_what_it_would_not_take():
    with pytest.raises(ValueError, match="'c' is not one of 'a', 'b'"):
        adapter("any(b, a)").build("x", {"x": "c"})


def test_int_refuses_to_build_what_is_no_number():
    with pytest.raises(ValueError, match="invalid literal"):
        adapter("int").build("x", {"x": "z"})


class Even(BaseConverter):
    regex = r"\d+"

    def to_python(self, value):
        number = int(super().to_python(value))
        if number % 2:
            raise ValidationError
        return number

    def to_url(self, value):
        if value % 2:
            raise ValidationError
        return str(value)


def test_a_converter_of_the_application():
    urls = adapter("even", even=Even)
    assert urls.match("/4") == ("x", {"x": 4})
    with pytest.raises(NotFound):
        urls.match("/5")
    with pytest.raises(BuildError):
        urls.build("x", {"x": 5})


def test_an_error_in_a_converter_is_not_hidden():
    class Broken(BaseConverter):
        def to_python(self, value):
            raise ValueError("a fault of the application")

    with pytest.raises(ValueError, match="a fault of the application"):
        adapter("broken", broken=Broken).match("/x")


def test_a_converter_may_have_groups_of_its_own():
    class Pair(BaseConverter):
        regex = r"(?P<first>[ab])(c)?"

    urls = Map([Rule("/<pair:x>-<y>", endpoint="x")], converters={"pair": Pair}).bind("h")
    assert urls.match("/ac-d") == ("x", {"x": "ac", "y": "d"})
    assert urls.match("/b-d") == ("x", {"x": "b", "y": "d"})


def test_a_method_put_on_the_instance_is_used():
    class Upper(BaseConverter):
        def __init__(self, map):
            super().__init__(map)
            self.to_python = str.upper

    assert adapter("upper", upper=Upper).match("/a") == ("x", {"x": "A"})


def test_a_regex_with_a_slash_is_not_isolated_to_a_part():
    class Two(BaseConverter):
        regex = r"\w+/\w+"

    class Forced(BaseConverter):
        regex = r"\w+/\w+"
        part_isolating = True

    class Word(PathConverter):
        regex = r"\w+"

    class Made(BaseConverter):
        @property
        def regex(self):
            return "a"

    assert (Two.part_isolating, Forced.part_isolating, Word.part_isolating) == (False, True, True)
    assert Made.part_isolating
    assert adapter("two", two=Two).match("/a/b") == ("x", {"x": "a/b"})


def test_limits_and_weights_are_readable():
    rule = next(Map([Rule("/<int(fixed_digits=2, min=1, max=5, signed=True):x>")]).iter_rules())
    converter = rule._converters["x"]
    assert isinstance(converter, IntegerConverter)
    assert (converter.fixed_digits, converter.min, converter.max, converter.signed) == (2, 1, 5, True)
    assert converter.regex == r"-?\d+"
    assert (IntegerConverter.weight, FloatConverter.weight, UUIDConverter.weight, PathConverter.weight) == (
        50,
        50,
        100,
        200,
    )
