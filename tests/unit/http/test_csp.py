import pytest

from demijohn.http.csp import ContentSecurityPolicy, dump_csp_header, parse_csp_header


@pytest.mark.parametrize(
    ("text", "directives"),
    [
        (None, {}),
        ("", {}),
        ("default-src 'self' a.b; sandbox;; img-src\t* ; x  y  z", {"default-src": "'self' a.b", "sandbox": "", "img-src": "*", "x": "y  z"}),
    ],
)  # fmt: skip
def test_parse(text, directives):
    policy = parse_csp_header(text)
    assert type(policy) is ContentSecurityPolicy
    assert policy == directives


def test_render():
    policy = ContentSecurityPolicy([("a", "b c"), ("sandbox", "")])
    assert str(policy) == policy.to_header() == dump_csp_header(policy) == "a b c; sandbox"
    assert repr(policy) == "<ContentSecurityPolicy a='b c' sandbox=''>"
    assert repr(ContentSecurityPolicy(None)) == "<ContentSecurityPolicy >"


def test_properties():
    log = []
    policy = parse_csp_header("img-src *", lambda changed: log.append(str(changed)))
    assert policy.img_src == "*"
    assert policy.default_src is None
    policy.default_src = "'self'"
    policy.img_src = None
    policy.img_src = None
    del policy.default_src
    del policy.default_src
    policy["x"] = "y"
    assert log == ["img-src *; default-src 'self'", "default-src 'self'", "", "x y"]


def test_every_property_has_the_name_of_its_directive():
    names = [name for name, value in vars(ContentSecurityPolicy).items() if hasattr(value, "__set__")]
    names = [name for name in names if not name.startswith("_")]
    assert len(names) == 25
    for name in names:
        assert getattr(ContentSecurityPolicy, name).name == name.replace("_", "-")


def test_class():
    class Other(ContentSecurityPolicy):
        pass

    assert type(parse_csp_header("a b", None, Other)) is Other
