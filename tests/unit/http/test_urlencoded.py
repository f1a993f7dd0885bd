import io

from demijohn.http.urlencoded import read_urlencoded


def test_a_form():
    assert read_urlencoded(io.BytesIO(b"a=1&b=%C3%A4+x&a=2&&c")) == [("a", "1"), ("b", "ä x"), ("a", "2"), ("c", "")]
    assert read_urlencoded(io.BytesIO(b"")) == []


def test_what_is_not_utf8_stays_escaped():
    assert read_urlencoded(io.BytesIO(b"\xff=%FE&ok=\xc3\xa4")) == [("%FF", "%FE"), ("ok", "ä")]


def test_a_long_form_that_arrives_in_pieces():
    class Dripping(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 1000) if size >= 0 else 1000)

    body = b"&".join(b"field%d=%%E2%%82%%AC" % number for number in range(20_000))
    pairs = read_urlencoded(Dripping(body))
    assert len(pairs) == 20_000
    assert pairs[-1] == ("field19999", "€")
