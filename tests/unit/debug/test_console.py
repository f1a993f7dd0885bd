"""Running code, catching what it prints, and values as HTML."""

import collections
import html
import re
import sys
import threading

import pytest

from demijohn.debug.console import Console
from demijohn.debug.output import HTMLStringO, ThreadedStream
from demijohn.debug.repr import DebugReprGenerator, debug_repr, dump, is_secret


def run(console, code):
    return html.unescape(re.sub("<[^>]+>", "", console.eval(code)))


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        (["1 + 1"], ">>> 1 + 1\n2"),
        (["x = 3", "x"], ">>> x\n3"),
        (["None"], ">>> None\n"),
        (["print('<a>')"], ">>> print('<a>')\n<a>\n"),
        (["def f():\n    return x", "x = 5", "f()"], ">>> f()\n5"),
        (["a = 1\nb = 2\na + b"], ">>> a = 1\n... b = 2\n... a + b\n3"),
        (["for i in range(2):", "    print(i)", ""], "... \n0\n1\n"),
        (["y = 2", "[y * n for n in range(2)]"], ">>> [y * n for n in range(2)]\n[0, 2]"),
        (["1", "_ + 1"], ">>> _ + 1\n2"),
        (["given + local"], ">>> given + local\n3"),
        (["# nothing"], ">>> # nothing\n"),
        ([""], ">>> \n"),
    ],
)
def test_code(codes, said):
    console = Console({"given": 1, "local": 0}, {"local": 2})
    outputs = [run(console, code) for code in codes]
    assert outputs[-1] == said


@pytest.mark.parametrize(
    ("code", "last"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("x x", "SyntaxError: invalid syntax"),
        ("a = 1\nb b", "SyntaxError: invalid syntax"),
        ("(", None),
        ("def f():\n    x = (", None),
        ("'\\x'", "truncated \\xXX escape"),
        ("\0", "null bytes"),
    ],
)
def test_what_fails(code, last):
    console = Console()
    said = run(console, code)
    if last is None:
        assert console.is_incomplete
    else:
        assert last in said
        assert "console.py" not in said
        assert not console.is_incomplete
        assert run(console, "7") == ">>> 7\n7"


def test_after_an_error_the_rest_is_not_run():
    console = Console()
    run(console, "a = 1\n1 / 0\na = 2")
    assert run(console, "a") == ">>> a\n1"


def test_the_globals_are_not_changed():
    variables = {"a": 1}
    run(Console(variables), "a = 2; b = 3")
    assert variables == {"a": 1}


def test_output_is_caught_for_the_thread_alone(capsys):
    before, hook = sys.stdout, sys.displayhook
    begun, go = threading.Event(), threading.Event()
    console = Console({"begun": begun, "go": go})
    said = []
    thread = threading.Thread(
        target=lambda: said.append(run(console, "print('inside'); begun.set(); _ = go.wait(20); print('inside')"))
    )
    thread.start()
    assert begun.wait(20)
    print("outside")
    assert isinstance(sys.stdout, ThreadedStream)
    go.set()
    thread.join(20)
    assert said[0].endswith("inside\ninside\n") and "outside" not in said[0]
    assert capsys.readouterr().out == "outside\n"
    assert (sys.stdout, sys.displayhook) == (before, hook)


def test_too_much_output_is_cut():
    said = Console().eval("for i in range(100_000): print('x' * 100)\n")
    said = said if "more was printed" in said else Console().eval("print('x' * 1_000_000)\nprint('y' * 200_000)")
    assert "more was printed than is shown" in said
    assert len(said) < 300_000


def test_dump_and_help(monkeypatch):
    console = Console({"x": {"a": 1}})
    assert "Contents of dict object at" in console.eval("dump(x)")
    assert "Local variables in frame" in console.eval("dump()")
    assert "Type help(object)" in console.eval("help")
    assert "Help on" in console.eval("help(len)")
    stream = HTMLStringO()
    monkeypatch.setattr(sys, "stdout", stream)
    dump([1, 2])
    assert "Details for list object at" in stream.reset()


# ---------------------------------------------------------------------- values


class Text(str):
    __slots__ = ()


class Broken:
    def __repr__(self):
        raise ValueError("broken <x>")


class Fatal:
    def __repr__(self):
        raise SystemExit


class Liar:
    @property
    def __class__(self):
        raise ValueError("no class")


Point = collections.namedtuple("Point", "x y")

NAME = re.escape(__name__)


VALUES = [
    ([], r"\[\]"),
    ([1, 2], r'\[<span class="number">1</span>, <span class="number">2</span>\]'),
    ([None], r'\[<span class="object">None</span>\]'),
    ("foo", '<span class="string">&#39;foo&#39;</span>'),
    ("s" * 80, r'<span class="string">&#39;s{69}<span class="extended">s{11}&#39;</span></span>'),
    (b"abc", '<span class="string">b&#39;abc&#39;</span>'),
    (Text("foo"), rf'<span class="module">{NAME}\.</span>Text\(<span class="string">&#39;foo&#39;</span>\)'),
    ((1,), r'\(<span class="number">1</span>,\)'),
    ({}, r"\{\}"),
    ({1}, r'set\(\[<span class="number">1</span>\]\)'),
    (True, '<span class="number">True</span>'),
    (re.compile(r"a\d"), r"""re.compile\(<span class="string regex">r'a\\d'</span>\)"""),
    (Broken(), '<span class="brokenrepr">&lt;broken repr \\(ValueError: broken &lt;x&gt;\\)&gt;</span>'),
    (Fatal(), '<span class="brokenrepr">&lt;broken repr \\(SystemExit\\)&gt;</span>'),
    (Point(1, 2), r'<span class="object">Point\(x=1, y=2\)</span>'),
    (collections.deque([1]), r'<span class="module">collections\.</span>deque\(\[.*1.*\]\)'),
    (
        {"foo": 42},
        (
            r'\{<span class="pair"><span class="key"><span class="string">&#39;foo&#39;</span></span>: '
            r'<span class="value"><span class="number">42</span></span></span>\}'
        ),
    ),
]


@pytest.mark.parametrize("number", range(len(VALUES)))  # not the values: pytest looks at them
def test_values(number):
    value, shown = VALUES[number]
    assert re.fullmatch(shown, debug_repr(value)), debug_repr(value)


def test_an_object_that_lies_about_its_class():
    assert "Liar object at" in debug_repr(Liar())


def test_values_in_themselves():
    value = []
    value.append({"self": value})
    assert "[...]" in debug_repr(value)


def test_values_are_bounded():
    assert len(debug_repr("x" * 10_000_000)) < 20_000
    assert len(debug_repr([list(range(1000))] * 1000)) < 300_000
    deep = []
    for _ in range(10_000):
        deep = [deep]
    assert len(debug_repr(deep)) < 1000
    assert "more" in debug_repr(list(range(100_000)))


def test_secrets_in_mappings():
    value = {"user": "ann", "Api-Key": 1, "db": {"password": "swordfish"}, 5: 6}
    shown = DebugReprGenerator(hides_secrets=True).repr(value)
    assert "swordfish" not in shown and "ann" in shown
    assert "swordfish" in debug_repr(value)


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("SECRET_KEY", True), ("passwd", True), ("csrf_token", True), ("Set-Cookie", True), ("author", False), (5, False)],
)
def test_names_of_secrets(name, is_one):
    assert is_secret(name) is is_one


def test_attributes_that_fail_are_shown_as_that():
    class Odd:
        @property
        def bad(self):
            raise ValueError("no")

    assert "brokenrepr" in DebugReprGenerator().dump_object(Odd())
