import base64
import copy
import pickle

import pytest

from demijohn.http.auth import (
    Authorization,
    WWWAuthenticate,
    parse_authorization,
    parse_www_authenticate,
    render_authorization,
    render_www_authenticate,
)


def basic(pair):
    return "Basic " + base64.b64encode(pair.encode()).decode()


@pytest.mark.parametrize(
    ("text", "username", "password"),
    [
        (basic("u:p"), "u", "p"),
        (basic("u:p:q"), "u", "p:q"),
        (basic("é:ü"), "é", "ü"),
        (basic("u"), "u", ""),
        (basic(":"), "", ""),
        ("bAsIc   dTpw ", "u", "p"),
        ("Basic", "", ""),
    ],
)
def test_rfc7617_basic(text, username, password):
    auth = Authorization.from_header(text)
    assert (auth.type, auth.username, auth.password, auth.token) == ("basic", username, password, None)
    assert auth.parameters == {"username": username, "password": password}
    assert Authorization.from_header(auth.to_header()) == auth


@pytest.mark.parametrize(
    "credentials", ["x!y", "dTp w", "dTpwYQ", "====", "dT-_", "é", base64.b64encode(b"\xff:x").decode(), "d\0Tpw"]
)
def test_malformed_basic_credentials(credentials):
    assert Authorization.from_header("Basic " + credentials) is None


@pytest.mark.parametrize("text", [None, ""])
def test_missing(text):
    assert parse_authorization(text) is None
    assert parse_www_authenticate(text) is None


@pytest.mark.parametrize(
    ("text", "scheme", "parameters", "token"),
    [
        ("Bearer abc", "bearer", {}, "abc"),
        ("Bearer abc==", "bearer", {}, "abc=="),
        ("X a=b, c", "x", {"a": "b", "c": None}, None),
        ('Digest username="u", realm="r,x", nc=1', "digest", {"username": "u", "realm": "r,x", "nc": "1"}, None),
        ('X a="', "x", {}, None),
    ],
)
def test_parse(text, scheme, parameters, token):
    for auth in (parse_authorization(text), parse_www_authenticate(text)):
        assert (auth.type, auth.parameters, auth.token) == (scheme, parameters, token)


def test_authorization():
    auth = Authorization("digest", {"username": "u x", "nc": "1"})
    assert auth["nc"] == auth.nc == auth.get("nc") == "1"
    assert auth["x"] is None
    assert auth.x is None
    assert auth.get("x", "d") == "d"
    assert "nc" in auth
    assert "x" not in auth
    assert str(auth) == auth.to_header() == render_authorization(auth) == 'Digest username="u x", nc=1'
    assert auth == Authorization("digest", {"nc": "1", "username": "u x"})
    assert auth != Authorization("other", {"nc": "1", "username": "u x"})
    assert auth != 5
    assert str(Authorization("bearer", token="t")) == "Bearer t"
    assert str(Authorization("x")) == "X"
    assert str(Authorization("basic")) == "Basic Og=="
    with pytest.raises(TypeError):
        hash(auth)


def test_the_representation_hides_credentials():
    assert repr(Authorization("bearer", token="secret")) == "<Authorization Bearer>"
    assert repr(Authorization.from_header(basic("u:secret"))) == "<Authorization Basic>"


COPIES = [copy.copy, copy.deepcopy, lambda a: pickle.loads(pickle.dumps(a))]


@pytest.mark.parametrize("make", COPIES)
def test_copies(make):
    auth = Authorization("basic", {"username": "u", "password": "p"})
    assert make(auth) == auth
    challenge = WWWAuthenticate("basic", {"realm": "x"})
    challenge._on_update = pytest.fail
    other = make(challenge)
    assert other == challenge
    other.realm = "y"
    assert challenge.realm == "x"


@pytest.mark.parametrize(
    ("challenge", "text"),
    [
        (WWWAuthenticate("basic", {"realm": "x y"}), 'Basic realm="x y"'),
        (WWWAuthenticate("basic", {"realm": "x"}), "Basic realm=x"),
        # RFC 7616 §3.3
        (
            WWWAuthenticate("digest", {"realm": "x", "nonce": "n", "stale": "TRUE", "algorithm": "MD5", "z": "a b"}),
            'Digest realm="x", nonce="n", stale=TRUE, algorithm=MD5, z="a b"',
        ),
        (WWWAuthenticate("digest", {"a": None}), "Digest a"),
        (WWWAuthenticate("x", token="t"), "X t"),
        (WWWAuthenticate("x", {"a": "b"}, "t"), "X t"),
        (WWWAuthenticate("x", {"a": None}), "X a"),
        (WWWAuthenticate("Negotiate"), "Negotiate"),
    ],
)
def test_challenges(challenge, text):
    assert str(challenge) == challenge.to_header() == render_www_authenticate(challenge) == text
    assert repr(challenge) == f"<WWWAuthenticate {text}>"
    assert WWWAuthenticate.from_header(text).to_header() == text


def test_a_challenge_tells_of_changes():
    log = []
    challenge = WWWAuthenticate("Basic", {"realm": "x"})
    challenge._on_update = lambda changed: log.append(str(changed))
    challenge.realm = "y"
    challenge["a"] = "b"
    challenge.a = None
    challenge["a"] = None
    challenge["realm"] = None
    challenge.z = "q"
    del challenge.z
    del challenge["nothing"]
    challenge.parameters["k"] = "v"
    challenge.type = "Digest"
    challenge.parameters = {"nonce": "n"}
    challenge.token = "t"
    assert log == [
        "Basic realm=y",
        "Basic realm=y, a=b",
        "Basic realm=y",
        "Basic",
        "Basic z=q",
        "Basic",
        "Basic k=v",
        "Digest k=v",
        'Digest nonce="n"',
        "Digest t",
    ]
    assert (challenge.type, challenge.token, challenge.parameters) == ("digest", "t", {"nonce": "n"})


def test_read_a_challenge():
    challenge = WWWAuthenticate("basic", {"realm": "x"})
    assert challenge["realm"] == challenge.realm == challenge.get("realm") == "x"
    assert challenge.get("z", "d") == "d"
    assert challenge.z is None
    assert "realm" in challenge
    assert challenge == WWWAuthenticate("BASIC", {"realm": "x"})
    assert challenge != WWWAuthenticate("basic", {"realm": "x"}, "t")
    assert challenge != 5
    with pytest.raises(TypeError):
        hash(challenge)
    with pytest.raises(AttributeError):
        del challenge.type
