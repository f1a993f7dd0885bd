"""Forms: parsed whole, and part by part while they arrive."""

import pytest

from demijohn.http.errors import BadRequest, RequestEntityTooLarge, UnsupportedMediaType
from demijohn.http.multidict import CombinedMultiDict, ImmutableMultiDict, MultiDict
from demijohn.message import Request

URLENCODED = (b"Content-Type", b"application/x-www-form-urlencoded")
JSON = (b"Content-Type", b"application/json")
MULTIPART = (b"Content-Type", b"multipart/form-data; boundary=xyz")


def part(disposition, content, *more):
    lines = [b"--xyz", b"Content-Disposition: form-data; " + disposition, *more, b"", content]
    return b"\r\n".join(lines) + b"\r\n"


FORM = (
    part(b'name="a"', b"1")
    + part(b'name="f"; filename="x.txt"', b"file\r\ncontent", b"Content-Type: text/plain")
    + part(b'name="a"', "ö".encode())
    + b"--xyz--\r\n"
)


# Forms


def test_an_urlencoded_form(post):
    request = post(b"a=1&b=%C3%B6&a=2", URLENCODED)
    assert type(request.form) is ImmutableMultiDict
    assert list(request.form.items(multi=True)) == [("a", "1"), ("a", "2"), ("b", "ö")]
    assert list(request.files) == []


def test_a_multipart_form(post):
    request = post(FORM, MULTIPART)
    assert request.form.getlist("a") == ["1", "ö"]
    file = request.files["f"]
    assert (file.filename, file.content_type, file.read()) == ("x.txt", "text/plain", b"file\r\ncontent")
    request.close()
    assert file.stream.closed


def test_a_request_closes_its_files_as_a_context(post):
    with post(FORM, MULTIPART) as request:
        file = request.files["f"]
    assert file.stream.closed
    with post(FORM, MULTIPART):
        pass


def test_no_form_without_a_content_type(post):
    request = post(b"a=1")
    assert request.want_form_data_parsed is False
    assert list(request.form) == list(request.files) == []
    assert request.get_data() == b"a=1"


def test_other_content_types_stay_in_the_stream(post):
    request = post(b"a=1", (b"Content-Type", b"text/plain"))
    assert list(request.form) == []
    assert request.data == b"a=1"


def test_values(post):
    request = post(b"a=form&b=2", URLENCODED, target="/?a=args")
    assert type(request.values) is CombinedMultiDict
    assert request.values.getlist("a") == ["args", "form"]
    request = post(b"a=form", URLENCODED, target="/?a=args", method="GET")
    assert request.values.getlist("a") == ["args"]
    assert request.form["a"] == "form"


def test_values_of_another_storage_class(post):
    class Plain(Request):
        parameter_storage_class = dict

    assert post(b"", target="/?a=1", method="GET", cls=Plain).values["a"] == "1"


def test_a_form_key_that_is_missing_is_a_bad_request(post):
    with pytest.raises(BadRequest):
        _ = post(b"a=1", URLENCODED).form["nope"]


def test_form_limits(post):
    class Strict(Request):
        max_form_parts = 2

    with pytest.raises(RequestEntityTooLarge):
        _ = post(FORM, MULTIPART, cls=Strict).form

    class Tiny(Request):
        max_form_memory_size = 1

    with pytest.raises(RequestEntityTooLarge):
        _ = post(FORM, MULTIPART, cls=Tiny).form


def test_uploads_go_where_the_class_says(post, tmp_path):
    class ToDisk(Request):
        def _get_file_stream(self, total_content_length, content_type, filename=None, content_length=None):
            self.asked = (total_content_length, content_type, filename)
            return (tmp_path / "upload").open("wb+")

    request = post(FORM, MULTIPART, cls=ToDisk)
    with request.files["f"].stream as file:
        assert file.name == str(tmp_path / "upload")
        assert file.read() == b"file\r\ncontent"
    assert request.asked == (len(FORM), "text/plain", "x.txt")


def test_mutable_storage(post):
    class Mutable(Request):
        parameter_storage_class = MultiDict

    request = post(b"a=1", URLENCODED, cls=Mutable)
    request.form["b"] = "2"
    assert request.form["b"] == "2"


# Parts as they arrive


def test_parts(post):
    request = post(FORM, MULTIPART)
    seen = [
        (one.name, one.filename, one.headers.get("Content-Type"), b"".join(one.iter_chunks()))
        for one in request.iter_parts()
    ]
    assert seen == [
        ("a", None, None, b"1"),
        ("f", "x.txt", "text/plain", b"file\r\ncontent"),
        ("a", None, None, "ö".encode()),
    ]


def test_parts_of_kept_data(post):
    request = post(FORM, MULTIPART)
    request.get_data()
    assert [one.name for one in request.iter_parts()] == ["a", "f", "a"]


def test_a_huge_part_passes_in_constant_memory(exchange):
    head = b'--xyz\r\nContent-Disposition: form-data; name="f"; filename="big"\r\n\r\n'
    block = b"0123456789abcdef" * 1024

    class Endless:
        """As much as anybody reads, in blocks that are not kept."""

        blocks = 0

        def __init__(self):
            self._next = head

        def read(self, size=-1, /):
            data, self._next = self._next, block
            assert 0 < size
            if self.blocks == 2000:
                return b""
            if self.blocks == 1999:
                data = b"\r\n--xyz--"
            self.blocks += 1
            return data

    request = Request.from_exchange(exchange("POST", "/", [MULTIPART], Endless()))
    sizes = [[len(chunk) for chunk in one.iter_chunks()] for one in request.iter_parts()]
    assert sum(sizes[0]) == 1998 * len(block)
    assert max(sizes[0]) <= 4 * len(block)


def test_parts_of_what_is_no_multipart_form(post):
    with pytest.raises(UnsupportedMediaType):
        post(b"a=1", URLENCODED).iter_parts()


def test_parts_have_passed_once_the_form_was_parsed(post):
    with post(FORM, MULTIPART) as request:
        _ = request.form
        with pytest.raises(RuntimeError, match="parsed"):
            request.iter_parts()


def test_parts_without_a_boundary(post):
    with pytest.raises(BadRequest):
        list(post(FORM, (b"Content-Type", b"multipart/form-data")).iter_parts())


def test_closing_a_request_closes_every_file_of_a_name(post):
    body = part(b'name="f"; filename="1"', b"one") + part(b'name="f"; filename="2"', b"two") + b"--xyz--\r\n"
    request = post(body, MULTIPART)
    files = request.files.getlist("f")
    assert [file.read() for file in files] == [b"one", b"two"]
    request.close()
    assert [file.stream.closed for file in files] == [True, True]


@pytest.mark.parametrize(
    "body",
    [b"not a form at all", b"--xyz\r\nno disposition\r\n\r\nx\r\n--xyz--\r\n", b"--xyz\nbare\n\nx\n--xyz--\n"],
)
def test_a_malformed_multipart_form_is_a_400_that_says_why(post, body):
    """An empty form would lose what the client sent without a word."""
    with pytest.raises(BadRequest) as caught:
        post(body, MULTIPART).form  # noqa: B018 - parsed on access
    assert caught.value.description != BadRequest.description
