import pytest

from demijohn.http.forwarded import ForwardedElement, Node, parse_forwarded, render_forwarded


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        (None, []),
        ("", []),
        (" , ,", []),
        # The examples of RFC 7239 §4.
        ('for="_gazonk"', [ForwardedElement(for_=Node("_gazonk"))]),
        ('For="[2001:db8:cafe::17]:4711"', [ForwardedElement(for_=Node("2001:db8:cafe::17", 4711))]),
        (
            "for=192.0.2.60;proto=HTTP;by=203.0.113.43",
            [ForwardedElement(by=Node("203.0.113.43"), for_=Node("192.0.2.60"), proto="http")],
        ),
        (
            "for=192.0.2.43, for=198.51.100.17",
            [ForwardedElement(for_=Node("192.0.2.43")), ForwardedElement(for_=Node("198.51.100.17"))],
        ),
        ("for=Unknown", [ForwardedElement(for_=Node("unknown"))]),
        ('for="_a:_b";host="x.org:80";', [ForwardedElement(for_=Node("_a", "_b"), host="x.org:80")]),
        ('host=a;secret="a,b;c\\"d"', [ForwardedElement(host="a", extensions={"secret": 'a,b;c"d'})]),
    ],
)
def test_parse(text, elements):
    assert parse_forwarded(text) == elements
    assert parse_forwarded(render_forwarded(elements)) == elements


@pytest.mark.parametrize(
    "text",
    [
        "for",
        "for=",
        "for = 1.2.3.4",
        'for="1.2.3.4',
        "for=1.2.3.4 by=1.2.3.4",
        "for=1.2.3.4;for=1.2.3.5",
        "for=1.2.3.4, for=1.2.3.4:x",
        "for=1.2.3.400",
        "for=1.2.3",
        'for="1.2.3.4:65536"',
        'for="[1::2::3]"',
        "for=2001:db8::1",
        'for="[2001:db8::1"',
        "for=example.org",
        "for=1.2.3.4\nfor=1.2.3.5",
        "by=x",
        "host=é",
        '"for"=1.2.3.4',
    ],
)
def test_one_fault_refuses_all(text):
    assert parse_forwarded(text) is None
    assert parse_forwarded("for=1.2.3.4, " + text) is None


@pytest.mark.parametrize(
    ("text", "node", "is_address"),
    [
        ("1.2.3.4", Node("1.2.3.4"), True),
        ("1.2.3.4:5", Node("1.2.3.4", 5), True),
        ("[::1]", Node("::1"), True),
        ("[0:0::1]:_p", Node("::1", "_p"), True),
        ("unknown", Node("unknown"), False),
        ("_Hidden", Node("_Hidden"), False),
    ],
)
def test_nodes(text, node, is_address):
    parsed = Node.parse(text)
    assert parsed == node
    assert parsed.is_address is is_address
    assert Node.parse(parsed.render()) == node


def test_elements_are_values():
    element = ForwardedElement(for_=Node("::1", 5), proto="https")
    assert element.render() == 'for="[::1]:5";proto=https'
    assert hash(element) == hash(ForwardedElement(for_=Node("::1", 5), proto="https"))
    with pytest.raises(AttributeError):
        element.proto = "http"
