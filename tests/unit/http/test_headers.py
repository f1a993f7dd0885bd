import copy
import pickle

import pytest

from demijohn.http.errors import BadRequest, BadRequestKeyError
from demijohn.http.headers import EnvironHeaders, Headers, RequestHeaders
from demijohn.http.multidict import CombinedMultiDict, MultiDict


@pytest.fixture
def lines():
    return Headers([("A", "1"), ("a", "2"), ("B", "3")])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (None, []),
        ([], []),
        ([("A", "1"), ("A", "2")], [("A", "1"), ("A", "2")]),
        (iter([("A", 1)]), [("A", "1")]),
        ({"a": ["1", "2"], "b": (), "c": 5, "d": {"x"}}, [("a", "1"), ("a", "2"), ("c", "5"), ("d", "x")]),
        (MultiDict([("a", "1"), ("b", "2"), ("a", "3")]), [("a", "1"), ("a", "3"), ("b", "2")]),
        (CombinedMultiDict([MultiDict([("a", "1")])]), [("a", "1")]),
        (Headers([("A", "1")]), [("A", "1")]),
        ([("a", None), ("b", True)], [("a", "None"), ("b", "True")]),
        ([("a", ["x", "y"])], [("a", "['x', 'y']")]),
    ],
)
def test_build(source, expected):
    assert list(Headers(source)) == expected


def test_build_does_not_share_lines(lines):
    other = Headers(lines)
    other.add("C", "4")
    assert len(lines) == 3


BAD = ["\r", "\n", "\0", "a\r\nSet-Cookie: x", "a\nb", "tab\t\0"]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize(
    "write",
    [
        lambda h, v: Headers([("x", v)]),
        lambda h, v: Headers({"x": ["ok", v]}),
        lambda h, v: h.add("x", v),
        lambda h, v: h.add("x", "ok", option=v),
        lambda h, v: h.add_header("x", v),
        lambda h, v: h.set("x", v),
        lambda h, v: h.__setitem__("x", v),
        lambda h, v: h.__setitem__(0, ("x", v)),
        lambda h, v: h.__setitem__(slice(0, 1), [("x", v)]),
        lambda h, v: h.setlist("x", ["ok", v]),
        lambda h, v: h.setdefault("x", v),
        lambda h, v: h.setlistdefault("x", [v]),
        lambda h, v: h.extend([("x", v)]),
        lambda h, v: h.extend(x=v),
        lambda h, v: h.update({"x": v}),
        lambda h, v: h.update(x=[v]),
        lambda h, v: h.update([("x", v)]),
        lambda h, v: h | {"x": v},
        lambda h, v: h.__ior__({"x": v}),
        lambda h, v: h.add(v, "ok"),
        lambda h, v: h.set(v, "ok"),
        lambda h, v: h.setdefault(v, "ok"),
        lambda h, v: h.extend({v: "ok"}),
        lambda h, v: h.__setitem__(0, (v, "ok")),
        lambda h, v: Headers([(v, "ok")]),
    ],
)
def test_rfc9110_s5_5_no_write_lets_a_line_break_or_nul_through(write, bad, lines):
    with pytest.raises(ValueError, match="must not contain CR, LF or NUL"):
        write(lines, bad)
    assert list(lines) == [("A", "1"), ("a", "2"), ("B", "3")]


def test_other_unprintable_text_is_a_value(lines):
    lines["x"] = "a\tb\xa0é"
    assert lines["X"] == "a\tb\xa0é"


@pytest.mark.parametrize("name", [5, b"a", None])
def test_names_are_text(name):
    with pytest.raises(TypeError, match="header name"):
        Headers([(name, "x")])


def test_read(lines):
    assert lines["a"] == lines["A"] == "1"
    assert lines[0] == ("A", "1")
    assert lines[-1] == ("B", "3")
    assert lines[1:] == Headers([("a", "2"), ("B", "3")])
    assert "b" in lines
    assert "c" not in lines
    assert lines.getlist("A") == lines.get_all("a") == ["1", "2"]
    assert lines.getlist("C") == []
    assert list(lines.items(lower=True)) == [("a", "1"), ("a", "2"), ("b", "3")]
    assert list(lines.keys()) == ["A", "a", "B"]
    assert list(lines.keys(lower=True)) == ["a", "a", "b"]
    assert list(lines.values()) == ["1", "2", "3"]
    assert len(lines) == 3
    assert not Headers()
    assert str(lines) == "A: 1\r\na: 2\r\nB: 3\r\n\r\n"
    assert repr(lines) == "Headers([('A', '1'), ('a', '2'), ('B', '3')])"
    assert lines.to_wsgi_list() == [("A", "1"), ("a", "2"), ("B", "3")]
    assert lines.to_wsgi_list() is not lines._list


def test_missing_name_is_a_key_error_and_a_400(lines):
    with pytest.raises(KeyError):
        lines["c"]
    with pytest.raises(BadRequest):
        lines["c"]
    with pytest.raises(IndexError):
        lines[3]
    with pytest.raises(AttributeError):
        lines.get(5)


def test_get_converts():
    h = Headers({"a": "5", "b": "x"})
    assert h.get("A", type=int) == 5
    assert h.get("b", 7, type=int) == 7
    assert h.get("b", type=int) is None
    assert h.get("c", "d") == "d"
    assert Headers([("a", "5"), ("a", "x"), ("a", "6")]).getlist("a", type=int) == [5, 6]
    with pytest.raises(TypeError):
        h.get("a", type=lambda value: value + 1)


def test_add_with_options():
    h = Headers()
    h.add("Content-Disposition", "attachment", filename='a "b".txt', name=None, x_y=5)
    h.add_header("A", "v", b="c")
    h.add("B", None, charset="utf-8")
    assert h.to_wsgi_list() == [
        ("Content-Disposition", 'attachment; filename="a \\"b\\".txt"; x-y=5'),
        ("A", "v; b=c"),
        ("B", "charset=utf-8"),
    ]


def test_set_replaces_in_place(lines):
    lines.set("a", "9", b="c d")
    assert list(lines) == [("a", '9; b="c d"'), ("B", "3")]
    lines["C"] = 4
    assert list(lines) == [("a", '9; b="c d"'), ("B", "3"), ("C", "4")]


def test_setlist(lines):
    lines.setlist("A", [7, 8])
    assert list(lines) == [("A", "7"), ("B", "3"), ("A", "8")]
    lines.setlist("A", [])
    assert list(lines) == [("B", "3")]


def test_setdefault(lines):
    assert lines.setdefault("a", "9") == "1"
    assert lines.setdefault("C", 9) == "9"
    assert lines.setlistdefault("a", ["9"]) == ["1", "2"]
    assert lines.setlistdefault("D", [1, 2]) == ["1", "2"]
    assert list(lines)[3:] == [("C", "9"), ("D", "1"), ("D", "2")]


def test_update(lines):
    lines.update({"a": ["9", "8"]}, q="1", b=[])
    assert list(lines) == [("a", "9"), ("a", "8"), ("q", "1")]
    lines.update([("a", "5"), ("a", "6")])
    assert lines.getlist("a") == ["6"]
    lines.update(Headers([("A", "1"), ("x", "y"), ("a", "2")]))
    assert lines.getlist("a") == ["1", "2"]
    lines.update(MultiDict([("a", "3"), ("a", "4")]))
    assert lines.getlist("a") == ["3", "4"]
    with pytest.raises(TypeError):
        lines.update(5)


def test_extend(lines):
    lines.extend({"a": ["9", "8"]}, C="1")
    assert list(lines)[3:] == [("a", "9"), ("a", "8"), ("C", "1")]


def test_union(lines):
    both = lines | {"a": "9", "c": ["1", "2"]}
    assert list(both) == [("a", "9"), ("B", "3"), ("c", "1"), ("c", "2")]
    assert len(lines) == 3
    with pytest.raises(TypeError):
        lines | [("a", "9")]
    lines |= [("a", "9")]
    assert list(lines) == [("a", "9"), ("B", "3")]


def test_remove_and_pop(lines):
    del lines["a"]
    del lines["nothing"]
    assert list(lines) == [("B", "3")]
    lines.extend([("C", "4"), ("D", "5"), ("d", "6"), ("E", "7")])
    assert lines.pop("D") == "5"
    assert "d" not in lines
    assert lines.pop("D", None) is None
    assert lines.pop(0) == ("B", "3")
    assert lines.pop() == ("E", "7")
    with pytest.raises(BadRequestKeyError):
        lines.pop("D")
    assert lines.popitem() == ("C", "4")
    with pytest.raises(IndexError):
        lines.popitem()
    lines.add("A", "1")
    lines.remove("a")
    lines.extend([("A", "1"), ("B", "2"), ("C", "3")])
    del lines[0]
    del lines[1:]
    assert list(lines) == [("B", "2")]
    lines.clear()
    assert not lines


def test_set_by_index(lines):
    lines[0] = ("X", 1)
    lines[1:] = [("Y", 2)]
    assert list(lines) == [("X", "1"), ("Y", "2")]


def test_equality_ignores_order_and_case_of_names():
    assert Headers([("A", "1"), ("B", "2")]) == Headers([("b", "2"), ("a", "1")])
    assert Headers([("A", "x")]) != Headers([("A", "X")])
    assert Headers([("A", "1")]) != [("A", "1")]
    with pytest.raises(TypeError):
        hash(Headers())


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy, lambda h: pickle.loads(pickle.dumps(h)), Headers.copy])
def test_copies(make, lines):
    other = make(lines)
    assert type(other) is Headers
    assert other == lines
    other.add("C", "1")
    assert len(lines) == 3


ENVIRON = {
    "HTTP_FOO_BAR": "x",
    "CONTENT_TYPE": "",
    "CONTENT_LENGTH": "5",
    "HTTP_CONTENT_TYPE": "not this",
    "REQUEST_METHOD": "GET",
}
FIELDS = [(b"Host", b"h"), (b"x-Y", b"1"), (b"Cookie", b"a=b"), (b"X-y", b"\xe9"), (b"cookie", b"c"), (b"X-Y", b"1")]


def test_environ_headers():
    h = EnvironHeaders(ENVIRON)
    assert isinstance(h, Headers)
    assert h["foo-bar"] == h["Foo_Bar"] == "x"
    assert h["content-type"] == ""
    assert h.get("Content-Length", type=int) == 5
    assert list(h) == [("Foo-Bar", "x"), ("Content-Length", "5")]
    assert h.to_wsgi_list() == list(h)
    assert len(h) == 2
    assert h.getlist("foo-bar") == ["x"]
    assert "method" not in h
    assert h == EnvironHeaders(ENVIRON)
    assert h != EnvironHeaders(dict(ENVIRON))
    assert Headers(h)["Foo-Bar"] == "x"
    assert repr(h) == "EnvironHeaders([('Foo-Bar', 'x'), ('Content-Length', '5')])"
    with pytest.raises(BadRequestKeyError):
        h["nothing"]
    with pytest.raises(AttributeError):
        h.nothing


def test_environ_headers_are_live():
    environ = {}
    h = EnvironHeaders(environ)
    assert "host" not in h
    environ["HTTP_HOST"] = "a"
    assert h["host"] == "a"
    assert list(h) == [("Host", "a")]


def test_fields_of_a_request():
    h = Headers.from_fields(FIELDS)
    assert isinstance(h, Headers)
    assert list(h) == [("Host", "h"), ("x-Y", "1"), ("Cookie", "a=b"), ("X-y", "é"), ("cookie", "c"), ("X-Y", "1")]
    assert h.getlist("x-y") == ["1", "é", "1"]
    assert len(h) == 6
    assert h[0] == ("Host", "h")
    assert h[:1].to_wsgi_list() == [("Host", "h")]
    assert h[:1]["host"] == "h"
    assert "cookie" not in h[:1]
    assert "HOST" in h
    assert h.get("nothing") is None
    assert h == RequestHeaders(list(FIELDS))


def test_rfc9110_s5_3_repeated_fields_read_as_one_value():
    h = Headers.from_fields(FIELDS)
    assert h["x-y"] == "1, é, 1"
    assert h.get("Cookie") == "a=b; c"


def test_an_index_of_fields_may_be_given():
    h = Headers.from_fields([(b"A", b"1"), (b"a", b"2")], {b"a": b"1, 2"})
    assert h["A"] == "1, 2"
    assert h.getlist("A") == ["1", "2"]


def test_names_that_no_field_can_have():
    h = Headers.from_fields([(b"host", b"h")])
    assert "€host" not in h
    assert "host\n" not in h


def test_a_request_does_not_confuse_underscore_and_hyphen():
    h = Headers.from_fields([(b"X_Forwarded_For", b"evil")])
    assert "X-Forwarded-For" not in h


@pytest.mark.parametrize("h", [EnvironHeaders(ENVIRON), Headers.from_fields(FIELDS)], ids=["environ", "request"])
@pytest.mark.parametrize(
    "change",
    [
        lambda h: h.add("a", "b"),
        lambda h: h.add_header("a", "b"),
        lambda h: h.clear(),
        lambda h: h.extend([]),
        lambda h: h.insert(0, ("a", "b")),
        lambda h: h.pop("host"),
        lambda h: h.popitem(),
        lambda h: h.remove("host"),
        lambda h: h.set("a", "b"),
        lambda h: h.setdefault("a", "b"),
        lambda h: h.setlist("a", []),
        lambda h: h.setlistdefault("a", []),
        lambda h: h.update({}),
        lambda h: h.__setitem__("a", "b"),
        lambda h: h.__delitem__("host"),
        lambda h: h.__ior__({}),
        lambda h: h | {},
        lambda h: h.copy(),
        lambda h: copy.copy(h),
    ],
)
def test_views_of_a_request_refuse_changes(h, change):
    before = list(h)
    with pytest.raises(TypeError, match="immutable|cannot create"):
        change(h)
    assert list(h) == before


@pytest.mark.parametrize("make", [copy.deepcopy, lambda h: pickle.loads(pickle.dumps(h))])
@pytest.mark.parametrize("h", [EnvironHeaders(ENVIRON), Headers.from_fields(FIELDS)], ids=["environ", "request"])
def test_views_of_a_request_can_be_kept(h, make):
    other = make(h)
    assert type(other) is type(h)
    assert list(other) == list(h)
    assert list(make(other)) == list(h)
