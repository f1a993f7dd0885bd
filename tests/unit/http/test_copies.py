"""Copies, pickles, equality and text of every data structure: one table, the same questions to all."""

import copy
import io
import pickle
from datetime import UTC, datetime

import pytest

from demijohn.http import errors
from demijohn.http.accept import Accept, CharsetAccept, LanguageAccept, MIMEAccept
from demijohn.http.auth import Authorization, WWWAuthenticate
from demijohn.http.cache_control import RequestCacheControl, ResponseCacheControl
from demijohn.http.callbackdict import CallbackDict
from demijohn.http.csp import ContentSecurityPolicy
from demijohn.http.etag import ETags
from demijohn.http.headers import EnvironHeaders, Headers
from demijohn.http.headerset import HeaderSet
from demijohn.http.immutable import ImmutableDict, ImmutableList
from demijohn.http.multidict import CombinedMultiDict, FileMultiDict, ImmutableMultiDict, MultiDict
from demijohn.http.ranges import ContentRange, IfRange, Range
from demijohn.http.typeconversion import ImmutableTypeConversionDict, TypeConversionDict
from demijohn.http.uploads import FileStorage

PAIRS = [("a", "1"), ("b", "2"), ("a", "3")]
DATE = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)

# (how one is made, how another is made, whether a copy may be the thing itself)
TABLE = {
    "MultiDict": (lambda: MultiDict(PAIRS), lambda: MultiDict(PAIRS[:2]), False),
    "ImmutableMultiDict": (lambda: ImmutableMultiDict(PAIRS), lambda: ImmutableMultiDict(PAIRS[:2]), True),
    "CombinedMultiDict": (
        lambda: CombinedMultiDict([MultiDict(PAIRS), MultiDict([("c", "4")])]),
        lambda: CombinedMultiDict([MultiDict(PAIRS)]),
        False,
    ),
    "FileMultiDict": (lambda: FileMultiDict(), lambda: FileMultiDict([("a", FileStorage(io.BytesIO()))]), False),
    "TypeConversionDict": (lambda: TypeConversionDict(a="1"), lambda: TypeConversionDict(a="2"), False),
    "ImmutableTypeConversionDict": (
        lambda: ImmutableTypeConversionDict(a="1"),
        lambda: ImmutableTypeConversionDict(a="2"),
        True,
    ),
    "ImmutableDict": (lambda: ImmutableDict(a=1), lambda: ImmutableDict(a=2), True),
    "ImmutableList": (lambda: ImmutableList([1, 2]), lambda: ImmutableList([2, 1]), False),
    "CallbackDict": (lambda: CallbackDict({"a": 1}), lambda: CallbackDict({"a": 2}), False),
    "Headers": (lambda: Headers(PAIRS), lambda: Headers(PAIRS[:2]), False),
    "HeaderSet": (lambda: HeaderSet(["Foo", "bar"]), lambda: HeaderSet(["foo"]), False),
    "Accept": (lambda: Accept([("a", 1), ("b", 0.5)]), lambda: Accept([("a", 1)]), False),
    "MIMEAccept": (lambda: MIMEAccept([("text/html", 1)]), lambda: MIMEAccept([("text/css", 1)]), False),
    "LanguageAccept": (lambda: LanguageAccept([("de", 1)]), lambda: LanguageAccept([("en", 1)]), False),
    "CharsetAccept": (lambda: CharsetAccept([("utf-8", 1)]), lambda: CharsetAccept([("ascii", 1)]), False),
    "RequestCacheControl": (
        lambda: RequestCacheControl({"max-age": "3", "no-cache": None}),
        lambda: RequestCacheControl({"max-age": "4"}),
        True,
    ),
    "ResponseCacheControl": (
        lambda: ResponseCacheControl({"max-age": "3"}),
        lambda: ResponseCacheControl({"private": None}),
        False,
    ),
    "ContentSecurityPolicy": (
        lambda: ContentSecurityPolicy({"default-src": "'self'"}),
        lambda: ContentSecurityPolicy({"img-src": "'self'"}),
        False,
    ),
    "ETags": (lambda: ETags(["a"], ["b"]), lambda: ETags(["b"], ["a"]), True),
    "ETags *": (lambda: ETags(star_tag=True), lambda: ETags(), True),
    "IfRange": (lambda: IfRange("x"), lambda: IfRange("y"), True),
    "IfRange of a date": (lambda: IfRange(date=DATE), lambda: IfRange("x"), True),
    "Range": (lambda: Range("bytes", [(0, 5), (7, None)]), lambda: Range("bytes", [(0, 5)]), True),
    "Authorization": (
        lambda: Authorization("basic", {"username": "u", "password": "p"}),
        lambda: Authorization("basic", {"username": "u", "password": "q"}),
        False,
    ),
    "Authorization of a token": (lambda: Authorization("bearer", token="t"), lambda: Authorization("bearer"), False),
    "WWWAuthenticate": (
        lambda: WWWAuthenticate("digest", {"realm": "r", "nonce": "n"}),
        lambda: WWWAuthenticate("digest", {"realm": "r"}),
        False,
    ),
}


def text(value):
    return type(value), repr(value), str(value)


@pytest.mark.parametrize("name", TABLE)
def test_equality(name):
    one, other, _ = TABLE[name]
    assert one() == one()
    assert one() != other()
    assert one() != object()
    assert text(one()) == text(one())
    assert text(one()) != text(other())


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("name", TABLE)
def test_pickles(name, protocol):
    value = TABLE[name][0]()
    again = pickle.loads(pickle.dumps(value, protocol))
    assert again == value
    assert text(again) == text(value)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
@pytest.mark.parametrize("name", TABLE)
def test_copies(name, duplicate):
    make, _, is_immutable = TABLE[name]
    value = make()
    again = duplicate(value)
    assert again == value
    if name == "CombinedMultiDict" and duplicate is copy.copy:
        assert isinstance(again, MultiDict)
        return
    assert text(again) == text(value)
    assert again is not value or is_immutable


@pytest.mark.parametrize("name", ["MultiDict", "Headers", "HeaderSet", "CallbackDict", "ResponseCacheControl"])
def test_a_copy_changes_alone(name):
    value = TABLE[name][0]()
    before = text(value)
    for again in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        again.clear()
        assert text(value) == before
        assert text(again) != before


@pytest.mark.parametrize("name", ["Authorization", "WWWAuthenticate"])
def test_a_copy_has_parameters_of_its_own(name):
    value = TABLE[name][0]()
    before = value.to_header()
    for again in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        again.parameters.clear()
        assert value.to_header() == before


def test_a_callback_stays_behind():
    """What a response hands out calls back into its headers; a copy of it must not."""
    called = []
    challenge = WWWAuthenticate("basic", {"realm": "r"})
    challenge._on_update = called.append
    for value in (HeaderSet(["a"], called.append), challenge):
        for again in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
            again.add("b") if isinstance(again, HeaderSet) else setattr(again, "realm", "s")
            assert called == []


def test_content_range_and_views():
    value = ContentRange("bytes", 0, 5, 10)
    for again in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert text(again) == text(value)
    headers = EnvironHeaders({"HTTP_A": "1", "CONTENT_TYPE": "x"})
    again = pickle.loads(pickle.dumps(headers))
    assert list(again) == list(headers)


def test_uploads():
    file = FileStorage(io.BytesIO(b"content"), "a.txt", "f", headers=Headers([("X", "y")]))
    for again in (copy.copy(file), copy.deepcopy(file), pickle.loads(pickle.dumps(file))):
        assert (again.filename, again.name, again.headers) == ("a.txt", "f", file.headers)
    assert pickle.loads(pickle.dumps(file)).read() == b"content"


@pytest.mark.parametrize(
    "error",
    [
        errors.NotFound("why"),
        errors.BadRequestKeyError("k"),
        errors.MethodNotAllowed(["GET"], "why"),
        errors.Unauthorized("why", www_authenticate=WWWAuthenticate("basic", {"realm": "r"})),
        errors.RequestedRangeNotSatisfiable(5),
        errors.TooManyRequests(retry_after=5),
        errors.InternalServerError(original_exception=ValueError("x")),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors(error):
    for again in (copy.copy(error), copy.deepcopy(error), pickle.loads(pickle.dumps(error))):
        assert text(again) == text(error)
        assert again.get_headers() == error.get_headers()
        assert again.get_body() == error.get_body()
