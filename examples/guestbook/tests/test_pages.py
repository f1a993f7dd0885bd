"""What visitors with a browser see and do."""

import io
import re


def test_an_empty_book_invites(visitor):
    answer = visitor.client.get("/")
    assert answer.status_code == 200
    assert "No entries yet" in answer.text


def test_signing_shows_the_entry_and_says_thank_you_once(visitor):
    answer = visitor.sign("Ada", "First!\nSecond line.")
    assert answer.status_code == 303
    assert answer.location == "/"
    page = visitor.client.get("/").text
    assert "Thank you, Ada." in page
    assert "First!\nSecond line." in page
    assert "1 entry<" in page
    assert "Thank you" not in visitor.client.get("/").text


def test_the_name_is_remembered_for_the_next_time(visitor):
    visitor.sign("Grace")
    assert 'value="Grace"' in visitor.client.get("/").text
    assert 'value="Grace"' not in visitor.sign("").text, "what was sent comes back, not what is remembered"


def test_what_visitors_write_is_text_and_never_markup(visitor):
    visitor.sign("<b>Eve</b>", "<script>alert(1)</script>")
    page = visitor.client.get("/").text
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<b>Eve</b>" not in page


def test_a_form_without_the_right_token_is_refused(app, visitor):
    right = visitor.token()
    for token in ("", "wrong", right + "x", "ünïcode"):
        answer = visitor.client.post("/", data={"csrf_token": token, "name": "Eve", "message": "spam"})
        assert answer.status_code == 400
        assert "expired" in answer.text
    stranger = app.test_client()  # has no session, so there is nothing that an empty token could equal
    assert stranger.post("/", data={"name": "Eve", "message": "spam"}).status_code == 400
    assert "No entries yet" in visitor.client.get("/").text


def test_an_incomplete_form_comes_back_filled_in_and_explained(visitor):
    answer = visitor.sign("", "Who am I?")
    assert answer.status_code == 400
    assert "Please say who you are." in answer.text
    assert "Who am I?" in answer.text
    assert re.search(r'id="name"[^>]*aria-invalid="true" aria-describedby="name-problem"', answer.text)
    assert "at most 2000 characters; this one has 2001" in visitor.sign("Ada", "x" * 2001).text
    assert "at most 60 characters" in visitor.sign("x" * 61).text


def test_every_field_has_a_label(visitor):
    page = visitor.client.get("/").text
    fields = set(re.findall(r'<(?:input|textarea) id="(\w+)"', page))
    assert fields == {"name", "message", "attachment"}
    assert fields == set(re.findall(r'<label for="(\w+)"', page))


def test_pages(visitor):
    for number in range(25):
        assert (
            visitor.client.post("/api/entries", json={"name": "Ada", "message": f"Entry {number:02}"}).status_code
            == 201
        )
    first, last = visitor.client.get("/").text, visitor.client.get("/?page=3").text
    assert "Entry 24" in first
    assert "Entry 14" not in first
    assert "Page 1 of 3" in first
    assert 'rel="next" href="/?page=2"' in first
    assert "Entry 04" in last
    assert "Entry 00" in last
    assert 'rel="next"' not in last
    assert visitor.client.get("/?page=4").status_code == 404
    assert visitor.client.get("/?page=0").status_code == 404
    assert visitor.client.get("/?page=99999999999999999999999").status_code == 404
    assert visitor.client.get("/?page=two").status_code == 200


def test_an_attachment_is_downloaded_as_it_was(visitor):
    data = bytes(range(256)) * 20
    visitor.sign(attachment=(io.BytesIO(data), "räksmörgås.html"))
    page = visitor.client.get("/").text
    assert "Download räksmörgås.html" in page
    assert "5 KB" in page
    answer = visitor.client.get("/entries/1/attachment")
    assert answer.data == data
    assert answer.headers["Content-Disposition"].startswith("attachment; filename")
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    answer.close()


def test_the_name_of_an_upload_leads_nowhere(app, visitor, tmp_path):
    visitor.sign(attachment=(io.BytesIO(b"x"), "../../..\\evil.sh"))
    answer = visitor.client.get("/entries/1/attachment")
    assert answer.data == b"x"
    assert "evil.sh" in answer.headers["Content-Disposition"]
    answer.close()
    (stored,) = (tmp_path / "attachments").iterdir()
    assert re.fullmatch("[0-9a-f]{32}", stored.name)


def test_names_of_uploads_are_made_presentable(guestbook):
    assert guestbook.display_name("C:\\fakepath\\a.txt") == "a.txt"
    assert guestbook.display_name("/etc/a\r\n\0b.txt") == "ab.txt"
    assert guestbook.display_name("../..") == ".."
    assert guestbook.display_name("\n") == "attachment"
    assert guestbook.display_name("x" * 500 + ".tar.gz").endswith("x.tar.gz")
    assert len(guestbook.display_name("x" * 500)) == 120


def test_an_entry_without_attachment_has_nothing_to_download(visitor):
    visitor.sign(attachment=(io.BytesIO(b""), ""))
    answer = visitor.client.get("/entries/1/attachment")
    assert answer.status_code == 404
    assert "no attachment" in answer.text


def test_an_upload_over_the_limit_gets_a_page_that_says_so(visitor):
    answer = visitor.sign(attachment=(io.BytesIO(b"x" * (2 * 1024 * 1024 + 70_000)), "big.bin"))
    assert answer.status_code == 413
    assert "up to 2 MB" in answer.text
    answer.close()  # and with it the upload, which was too large for memory
    assert "No entries yet" in visitor.client.get("/").text


def test_who_wrote_an_entry_can_take_it_back_and_nobody_else(app, visitor, tmp_path):
    visitor.sign("Ada", "Oops", attachment=(io.BytesIO(b"secret"), "secret.txt"))
    assert "Take back" in visitor.client.get("/").text
    other = type(visitor)(app)
    assert "Take back" not in other.client.get("/").text
    assert other.client.post("/entries/1/delete", data={"csrf_token": other.token()}).status_code == 403
    assert visitor.client.post("/entries/1/delete").status_code == 400, "no token"
    answer = visitor.client.post("/entries/1/delete", data={"csrf_token": visitor.token()})
    assert answer.status_code == 303
    page = visitor.client.get("/").text
    assert "no longer in the book" in page
    assert "Oops" not in page
    assert list((tmp_path / "attachments").iterdir()) == []
    assert visitor.client.get("/entries/1/attachment").status_code == 404


def test_one_entry_has_a_page_of_its_own(visitor):
    visitor.sign("Ada", "Hello.")
    assert "Hello." in visitor.client.get("/entries/1").text
    answer = visitor.client.get("/entries/2")
    assert answer.status_code == 404
    assert "There is no such entry." in answer.text
    assert visitor.client.get("/entries/99999999999999999999999").status_code == 404


def test_errors_have_a_page_in_the_books_looks(visitor):
    for answer, code in ((visitor.client.get("/nowhere"), 404), (visitor.client.put("/"), 405)):
        assert answer.status_code == code
        assert "style.css" in answer.text
        assert "Back to the book" in answer.text


def test_every_page_is_fenced_in(visitor):
    for path in ("/", "/nowhere", "/api/entries", "/static/style.css"):
        answer = visitor.client.get(path)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        answer.close()


def test_the_stylesheet_is_there_and_knows_the_dark(visitor):
    answer = visitor.client.get("/static/style.css")
    assert answer.mimetype == "text/css"
    assert "prefers-color-scheme: dark" in answer.text
    answer.close()
