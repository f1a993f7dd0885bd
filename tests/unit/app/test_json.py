import dataclasses
import datetime as dt
import decimal
import io
import json as std_json
import uuid

import pytest
from markupsafe import Markup

from demijohn import json, jsonify
from demijohn.app.json.provider import DefaultJSONProvider, JSONProvider
from demijohn.app.json.tag import JSONTag, TaggedJSONSerializer


@dataclasses.dataclass
class Point:
    x: int
    y: int


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (dt.date(2020, 1, 2), '"Thu, 02 Jan 2020 00:00:00 GMT"'),
        (dt.datetime(2020, 1, 2, 3, 4, 5), '"Thu, 02 Jan 2020 03:04:05 GMT"'),
        (
            dt.datetime(2020, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=2))),
            '"Wed, 01 Jan 2020 22:00:00 GMT"',
        ),
        (decimal.Decimal("1.50"), '"1.50"'),
        (uuid.UUID(int=5), '"00000000-0000-0000-0000-000000000005"'),
        (Point(1, 2), '{"x": 1, "y": 2}'),
        (Markup("<b>"), '"<b>"'),
        ("é", '"\\u00e9"'),
    ],
)
@pytest.mark.parametrize("inside", [True, False])
def test_types_that_json_lacks(app, value, text, inside):
    if inside:
        with app.app_context():
            assert json.dumps(value) == text
    else:
        assert json.dumps(value) == text


def test_an_unknown_type_is_refused(app):
    with app.app_context(), pytest.raises(TypeError, match="object cannot be written as JSON"):
        json.dumps(object())


def test_keys_are_sorted_inside_an_application_only(app):
    assert json.dumps({"b": 1, "a": 2}) == '{"b": 1, "a": 2}'
    with app.app_context():
        assert json.dumps({"b": 1, "a": 2}) == '{"a": 2, "b": 1}'
        app.json.sort_keys = False
        assert json.dumps({"b": 1, "a": 2}) == '{"b": 1, "a": 2}'
        app.json.ensure_ascii = False
        assert json.dumps("é") == '"é"'


def test_options_of_the_encoder(app):
    with app.app_context():
        assert json.dumps({"b": 1}, indent=1) == '{\n "b": 1\n}'
        assert json.dumps([1, 2], separators=[",", ":"]) == "[1,2]"
        assert json.dumps(object(), default=lambda value: 5) == "5"
        assert json.dumps(1, cls=type("Own", (std_json.JSONEncoder,), {"encode": lambda self, value: "own"})) == "own"
        for width in range(50):
            assert json.dumps([1], indent=width).count(" ") == width
        with pytest.raises(TypeError):
            json.dumps(1, no_such_option=1)


@pytest.mark.parametrize("inside", [True, False])
def test_files(app, inside):
    with app.app_context() if inside else io.StringIO():
        text = io.StringIO()
        json.dump({"a": [1]}, text)
        text.seek(0)
        assert json.load(text) == {"a": [1]}
        assert json.load(io.BytesIO(b"[2]")) == [2]
        assert json.loads(b'"\xc3\xa9"') == "é"


def test_jsonify_takes_one_value_several_or_keywords(app):
    with app.app_context():
        assert jsonify().get_data(as_text=True) == "null\n"
        assert jsonify([1]).get_data(as_text=True) == "[1]\n"
        assert jsonify(1, 2).get_data(as_text=True) == "[1,2]\n"
        assert jsonify(b=1, a=2).get_data(as_text=True) == '{"a":2,"b":1}\n'
        assert jsonify(1).mimetype == "application/json"
        with pytest.raises(TypeError, match="not both"):
            jsonify(1, a=2)
    with pytest.raises(RuntimeError, match="outside of application context"):
        jsonify(1)


def test_debug_mode_indents_unless_told_otherwise(app):
    with app.app_context():
        app.debug = True
        assert jsonify(a=[1]).get_data(as_text=True) == '{\n  "a": [\n    1\n  ]\n}\n'
        app.json.compact = True
        assert jsonify(a=[1]).get_data(as_text=True) == '{"a":[1]}\n'
        app.json.mimetype = "application/vnd.api+json"
        assert jsonify(1).mimetype == "application/vnd.api+json"


def test_an_application_may_bring_its_own_provider(app, client):
    class Shouting(JSONProvider):
        def dumps(self, obj, **kwargs):
            return DefaultJSONProvider.dumps(DefaultJSONProvider(app), obj, **kwargs).upper()

        def loads(self, s, **kwargs):
            return "loaded"

    app.json = Shouting(app)

    @app.post("/")
    def view():
        from demijohn import request

        return {"got": request.get_json()}

    assert client.post("/", json={}).get_data(as_text=True) == '{"GOT": "LOADED"}'


tagged = TaggedJSONSerializer()


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"a": 1, "b": [None, True, 1.5]},
        (1, (2,)),
        {" t": (1,)},
        {" di": 1},
        {" b": b"x"},
        [{" u": uuid.UUID(int=1)}],
        b"\x00",
        dt.datetime(2020, 1, 2, tzinfo=dt.UTC),
        {"deep": {"er": ({"est": b""},)}},
    ],
)
def test_tagged_values_come_back(value):
    back = tagged.loads(tagged.dumps(value))
    assert back == value
    assert type(back) is type(value)


def test_own_tags():
    class TagSet(JSONTag):
        __slots__ = ()
        key = " s"

        def check(self, value):
            return isinstance(value, set)

        def to_json(self, value):
            return self.serializer.tag(sorted(value))

        def to_python(self, value):
            return set(value)

    serializer = TaggedJSONSerializer()
    serializer.register(TagSet, index=0)
    assert serializer.loads(serializer.dumps({"x": {1, 2}})) == {"x": {1, 2}}
    with pytest.raises(KeyError):
        serializer.register(TagSet)
    serializer.register(TagSet, force=True)


def test_text_is_what_the_standard_library_makes_of_it(app):
    value = {"b": [1, -0.5, 1e300, 'ü\u2028"', None, True], "a": {"2": (), "1": {}}, "": "x" * 300}
    for options in (
        {},
        {"separators": (",", ":")},
        {"ensure_ascii": False},
        {"sort_keys": False},
        {"indent": 2},
        {"skipkeys": True},
    ):
        assert app.json.dumps(value, **options) == std_json.dumps(value, **{"sort_keys": True, **options})
    assert app.json.dumps("text") == '"text"'
    assert app.json.dumps(float("nan")) == "NaN"
    with pytest.raises(ValueError, match="not JSON compliant"):
        app.json.dumps(float("nan"), allow_nan=False)


def test_what_holds_itself_is_refused_and_leaves_nothing_behind(app):
    ring = []
    ring.append({"ring": ring})
    for _ in range(2):
        with pytest.raises(ValueError, match="Circular"):
            app.json.dumps(ring)
    assert app.json.dumps([ring[0]["ring"] is ring]) == "[true]"


def test_reading_takes_what_the_standard_library_takes(app):
    for text in ("1", ' {"a": [1]} \n', '"x"', "[]", b'{"a": 1}', "null", "NaN"):
        assert repr(app.json.loads(text)) == repr(std_json.loads(text))
    for text in ("", " ", "1 2", "{", '{"a"', "\ufeff1", "nul", "[1,]"):
        with pytest.raises(ValueError) as ours:
            app.json.loads(text)
        with pytest.raises(ValueError) as theirs:
            std_json.loads(text)
        assert str(ours.value) == str(theirs.value)
    assert app.json.loads("1.5", parse_float=decimal.Decimal) == decimal.Decimal("1.5")
