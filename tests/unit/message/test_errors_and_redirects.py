"""Responses of HTTP errors, and redirects."""

import pytest

from demijohn.http import errors
from demijohn.http.errors import HTTPException, MethodNotAllowed, NotFound, abort
from demijohn.message import Response, append_slash_redirect, error_response, redirect


def test_an_error_becomes_a_page():
    response = NotFound("<nothing>\nhere").get_response({"REQUEST_METHOD": "GET"})
    assert type(response) is Response
    assert response.status == "404 NOT FOUND"
    assert response.content_type == "text/html; charset=utf-8"
    page = response.get_data(as_text=True)
    assert page.startswith("<!doctype html>")
    assert "<title>404 Not Found</title>" in page
    assert "<h1>Not Found</h1>" in page
    assert "<p>&lt;nothing&gt;<br>here</p>" in page


def test_an_error_brings_its_fields():
    response = MethodNotAllowed(["GET", "PUT"]).get_response()
    assert response.headers["Allow"] == "GET, PUT"


def test_an_error_is_a_wsgi_application():
    seen = []
    chunks = NotFound()({"REQUEST_METHOD": "HEAD"}, lambda *args: seen.append(args))
    assert seen[0][0] == "404 NOT FOUND"
    assert b"".join(chunks) == b""


def test_an_error_without_a_code():
    assert error_response(HTTPException("x")).status_code == 500


def test_an_error_with_a_response():
    response = Response("mine", 299)
    with pytest.raises(HTTPException) as error:
        abort(response)
    assert error.value.get_response() is response


def test_the_maker_of_error_responses_is_in_place():
    assert errors.response_factory is error_response


def test_redirect():
    response = redirect("/a?b=<c>&d")
    assert (response.status, response.headers["Location"]) == ("302 FOUND", "/a?b=<c>&d")
    page = response.get_data(as_text=True)
    assert 'href="/a?b=&lt;c&gt;&amp;d"' in page
    assert "<c>" not in page
    assert response.content_type == "text/html; charset=utf-8"


def test_redirect_with_a_code_and_a_class():
    class Mine(Response):
        pass

    response = redirect("/x", 308, Mine)
    assert (type(response), response.status_code) == (Mine, 308)


def test_a_location_cannot_start_another_line():
    with pytest.raises(ValueError):
        redirect("/x\r\nSet-Cookie: a=b")


@pytest.mark.parametrize(
    ("path", "query", "location"),
    [
        ("/a/b", "", "b/"),
        ("/a/b", "x=1", "b/?x=1"),
        ("/a/", "", "./"),
        ("", "", "./"),
        ("//evil.example", "", "evil.example/"),
        ("/\xc3\xb6", "q=\xc3\xb6&r=%20", "%C3%B6/?q=%C3%B6&r=%20"),
        ("/a b", "", "a%20b/"),
        ("/javascript:alert(1)", "", "javascript%3Aalert(1)/"),
        ("/a?b#c%d", "", "a%3Fb%23c%25d/"),
        ("/x/\\\\evil.example", "", "%5C%5Cevil.example/"),
    ],
)
def test_append_slash_redirect(path, query, location):
    response = append_slash_redirect({"PATH_INFO": path, "QUERY_STRING": query})
    assert (response.status_code, response.headers["Location"]) == (308, location)
