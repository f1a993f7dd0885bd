"""SharedDataMiddleware: which files are served, how, and that nothing else is."""

import os

import pytest

from demijohn.message import filesource
from demijohn.middleware import SharedDataMiddleware
from demijohn.testing import Client


def fallback(environ, start_response):
    start_response("404 NOT FOUND", [])
    return [b"application"]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "shared" / "sub").mkdir(parents=True)
    (tmp_path / "shared" / "a.txt").write_text("0123456789")
    (tmp_path / "shared" / "secret.py").write_text("secret")
    (tmp_path / "shared" / "sub" / "b.unknown").write_bytes(b"\xff")
    (tmp_path / "outside.txt").write_text("outside")
    return tmp_path


def client(folder, exports=None, **options):
    exports = exports or {"/files": str(folder / "shared"), "/one": str(folder / "outside.txt")}
    return Client(SharedDataMiddleware(fallback, exports, **options))


def test_files_of_a_folder(folder):
    response = client(folder).get("/files/a.txt")
    assert response.text == "0123456789"
    assert response.content_type == "text/plain; charset=utf-8"
    assert response.content_length == 10
    assert response.cache_control.max_age == 43200
    assert response.get_etag()[0]
    assert response.last_modified is not None
    response.close()
    with client(folder).get("/files/sub/b.unknown") as response:
        assert response.content_type == "application/octet-stream"


def test_single_file(folder):
    with client(folder).get("/one") as response:
        assert response.text == "outside"
    assert client(folder).get("/one/more").text == "application"


@pytest.mark.parametrize(
    "path",
    [
        "/files",
        "/files/",
        "/files/none",
        "/files/sub",
        "/filesa.txt",
        "/files/../outside.txt",
        "/files/..%2foutside.txt",
        "/",
    ],
)
def test_everything_else_goes_to_the_application(folder, path):
    assert client(folder).get(path).text == "application"


def test_disallow(folder):
    for rule in ("*.py", ["*.x", "secret.*"]):
        shared = client(folder, disallow=rule)
        assert shared.get("/files/secret.py").text == "application"
        with shared.get("/files/a.txt") as response:
            assert response.status_code == 200


def test_conditional_and_ranges(folder):
    shared = client(folder)
    with shared.get("/files/a.txt") as first:
        etag = first.headers["ETag"]
    with shared.get("/files/a.txt", headers={"If-None-Match": etag}) as same:
        assert same.status_code == 304
    with shared.get("/files/a.txt", headers={"Range": "bytes=2-4"}) as part:
        assert (part.status_code, part.text) == (206, "234")
    assert shared.get("/files/a.txt", headers={"Range": "bytes=20-"}).status_code == 416
    path = folder / "shared" / "a.txt"
    path.write_text("changed")
    os.utime(path, (1, 1))
    with shared.get("/files/a.txt", headers={"If-None-Match": etag}) as again:
        assert again.text == "changed"


def test_without_cache(folder):
    with client(folder, cache=False).get("/files/a.txt") as response:
        assert response.headers["Cache-Control"] == "public"
        assert "ETag" not in response.headers


def test_package_data():
    with client(None, {"/local": ("demijohn", "local")}).get("/local/proxy.py") as response:
        assert "LocalProxy" in response.text


def test_earlier_exports_win_and_fall_through(folder):
    (folder / "first").mkdir()
    (folder / "first" / "a.txt").write_text("first")
    shared = client(folder, [("/x", str(folder / "first")), ("/x", str(folder / "shared"))])
    with shared.get("/x/a.txt") as response:
        assert response.text == "first"
    with shared.get("/x/secret.py") as response:
        assert response.text == "secret"


def test_head(folder):
    with client(folder).head("/files/a.txt") as response:
        assert (response.content_length, response.data) == (10, b"")


def test_wrong_export():
    with pytest.raises(TypeError, match="neither"):
        SharedDataMiddleware(fallback, {"/x": 5})


def test_a_folder_that_comes_later(folder, caplog):
    later = folder / "later"
    shared = client(folder, {"/x": str(later)})
    assert f"{later} does not exist" in caplog.text
    assert shared.get("/x/a.txt").text == "application"
    later.mkdir()
    (later / "a.txt").write_text("here")
    with shared.get("/x/a.txt") as response:
        assert response.text == "here"
        assert "Content-Disposition" not in response.headers


def test_several_ranges(folder):
    with client(folder).get("/files/a.txt", headers={"Range": "bytes=0-1,8-9"}) as parts:
        assert parts.status_code == 206
        assert parts.mimetype == "multipart/byteranges"
        assert b"01" in parts.data


def test_hidden_files_only_if_wanted(folder):
    (folder / "shared" / ".git").mkdir()
    (folder / "shared" / ".git" / "config").write_text("secret")
    (folder / "shared" / ".well-known").mkdir()
    (folder / "shared" / ".well-known" / "x").write_text("known")
    for path in ("/files/.git/config", "/files/sub/../.git/config"):
        assert client(folder).get(path).text == "application"
    with client(folder).get("/files/.well-known/x") as response:
        assert response.text == "known"
    with client(folder, dotfiles=True).get("/files/.git/config") as response:
        assert response.text == "secret"
    (folder / ".one").write_text("exported by name")
    with client(folder, {"/one": str(folder / ".one")}).get("/one") as response:
        assert response.text == "exported by name"


def test_packed_siblings_only_if_wanted(folder):
    (folder / "shared" / "a.txt.gz").write_bytes(b"packed")
    headers = {"Accept-Encoding": "gzip"}
    with client(folder).get("/files/a.txt", headers=headers) as response:
        assert response.text == "0123456789"
        assert "Vary" not in response.headers
        plain = response.headers["ETag"]
    with client(folder, precompressed=True).get("/files/a.txt", headers=headers) as response:
        assert response.data == b"packed"
        assert response.headers["Content-Encoding"] == "gzip"
        assert response.mimetype == "text/plain"
        assert response.headers["Vary"] == "Accept-Encoding"
        assert response.headers["ETag"] != plain


def test_names_that_never_change_only_if_wanted(folder):
    (folder / "shared" / "a.3f2a9c1b.js").write_text("x")
    (folder / "shared" / "b-v2.js").write_text("x")
    for cache in (True, False):
        for immutable, kept in {False: [], True: ["a.3f2a9c1b.js"], r"-v\d": ["b-v2.js"]}.items():
            for name in ("a.3f2a9c1b.js", "b-v2.js"):
                with client(folder, immutable=immutable, cache=cache).get(f"/files/{name}") as response:
                    assert ("immutable" in response.headers["Cache-Control"]) is (name in kept)


def test_a_tag_of_ones_own(folder):
    class Own(SharedDataMiddleware):
        def generate_etag(self, mtime, file_size, real_filename):
            return f"own-{file_size}-{os.path.basename(real_filename)}"

    shared = Client(Own(fallback, {"/files": str(folder / "shared")}))
    with shared.get("/files/a.txt") as response:
        assert response.headers["ETag"] == '"own-10-a.txt"'


def test_special_files_and_those_that_may_not_be_read(folder, monkeypatch):
    os.mkfifo(folder / "shared" / "fifo")
    assert client(folder).get("/files/fifo").text == "application"
    for error, expected in {
        PermissionError(13, "x"): 403,
        FileNotFoundError(2, "x"): 404,
        OSError(24, "x"): None,
    }.items():

        def refuse(path, flags, error=error):
            raise error

        monkeypatch.setattr(filesource.os, "open", refuse)
        if expected:
            assert client(folder).get("/files/a.txt").status_code == expected
        else:
            with pytest.raises(OSError):
                client(folder).get("/files/a.txt")
