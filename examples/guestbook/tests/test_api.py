"""What programs see."""

import pytest


@pytest.fixture
def client(app):
    return app.test_client()


def test_create_and_read(client):
    answer = client.post("/api/entries", json={"name": " Ada ", "message": "Hello."})
    assert answer.status_code == 201
    assert answer.headers["Location"] == "/api/entries/1"
    entry = client.get("/api/entries/1").json
    assert entry == answer.json
    assert entry["name"] == "Ada"
    assert entry["attachment"] is None
    assert entry["created_at"].endswith("Z")
    assert client.get("/api/entries").json == {"entries": [entry], "page": 1, "pages": 1, "total": 1}


def test_pages_hold_as_many_as_asked(client):
    for number in range(5):
        client.post("/api/entries", json={"name": "Ada", "message": str(number)})
    page = client.get("/api/entries?per_page=2&page=2").json
    assert [entry["message"] for entry in page["entries"]] == ["2", "1"]
    assert (page["page"], page["pages"], page["total"]) == (2, 3, 5)
    assert client.get("/api/entries?per_page=101").status_code == 400
    assert client.get("/api/entries?per_page=0").status_code == 400
    assert client.get("/api/entries?page=9").json == {"code": 404, "error": "There is no page 9."}


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "text",
        7,
        {"name": "Ada"},
        {"name": "", "message": "x"},
        {"name": 7, "message": "x"},
        {"name": "Ada", "message": {"a": 1}},
        {"name": "x" * 61, "message": "x"},
        {"name": "Ada", "message": "half a character: \ud83d"},
    ],
)
def test_bad_entries_are_refused_with_a_reason(client, body):
    answer = client.post("/api/entries", json=body)
    assert answer.status_code == 400
    assert answer.json["code"] == 400
    assert answer.json["error"]
    assert client.get("/api/entries").json["total"] == 0


def test_bodies_that_are_no_json(client):
    for data in ("{oops", "null", "", b"\xff"):
        assert client.post("/api/entries", data=data, content_type="application/json").status_code == 400
    # What a form on a foreign page could send is not accepted, whatever it contains.
    for content_type in ("text/plain", "application/x-www-form-urlencoded"):
        answer = client.post("/api/entries", data='{"name": "Eve", "message": "x"}', content_type=content_type)
        assert answer.status_code == 415
        assert answer.json["code"] == 415


def test_errors_are_json(client):
    answer = client.get("/api/entries/7")
    assert answer.status_code == 404
    assert answer.json["code"] == 404
    assert client.delete("/api/entries").json["code"] == 405


def test_an_attachment_is_listed_with_its_address(client, visitor):
    import io

    visitor.sign(attachment=(io.BytesIO(b"12345"), "five.txt"))
    assert client.get("/api/entries/1").json["attachment"] == {
        "filename": "five.txt",
        "size": 5,
        "url": "/entries/1/attachment",
    }
