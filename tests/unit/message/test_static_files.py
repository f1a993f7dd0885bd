"""Files of folders: types, packed siblings, names that never change, hidden names, and what is no regular file."""

import errno
import os
import socket

import pytest

from demijohn.http.errors import Forbidden, NotFound
from demijohn.message import FilePolicy, Siblings, filesource, send_file, send_from_directory
from demijohn.message.filepolicy import HASHED_NAME, is_hidden
from demijohn.message.filetypes import guess_file_type
from demijohn.message.siblings import accepted_codings


class FakeClock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def folder(tmp_path):
    for name in ("app.js", "app.js.br", "app.js.zst", "app.js.gz", "lone.css", "app.3f2a9c1b.js", ".env"):
        (tmp_path / name).write_text(f"content of {name}")
    (tmp_path / ".well-known").mkdir()
    (tmp_path / ".well-known" / "security.txt").write_text("Contact:")
    return tmp_path


@pytest.fixture
def get(folder):
    """Send a file from the folder; its status, headers and body."""

    def get(name="app.js", policy=None, **fields):
        environ = {"REQUEST_METHOD": "GET", **{f"HTTP_{key.upper()}": value for key, value in fields.items()}}
        with send_from_directory(folder, name, environ, policy=policy or FilePolicy(siblings=Siblings())) as response:
            return response.status_code, response.headers, b"".join(response.response).decode()

    return get


# ---- types


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.js", ("text/javascript", None)),
        ("a.MJS", ("text/javascript", None)),
        ("a.wasm", ("application/wasm", None)),
        ("a.webmanifest", ("application/manifest+json", None)),
        ("a.woff2", ("font/woff2", None)),
        ("a.svg", ("image/svg+xml", None)),
        ("a.avif", ("image/avif", None)),
        ("a.webp", ("image/webp", None)),
        ("a.json", ("application/json", None)),
        ("a.js.gz", ("text/javascript", "gzip")),
        ("a.mjs.br", ("text/javascript", "br")),
        ("a.tar.gz", ("application/x-tar", "gzip")),
        ("a.tgz", ("application/x-tar", "gzip")),
        ("data:text/html,x.css", ("text/css", None)),
        ("folder.js/name", (None, None)),
        ("folder/.js", (None, None)),
        ("noext", (None, None)),
        ("", (None, None)),
    ],
)
def test_types_by_name(name, expected):
    assert guess_file_type(name) == expected


def test_types_of_the_web_do_not_depend_on_the_machine(monkeypatch):
    monkeypatch.setattr("mimetypes.guess_type", lambda name: ("application/x-odd", None))
    assert guess_file_type("a.js")[0] == "text/javascript"
    assert guess_file_type("a.unheard-of")[0] == "application/x-odd"


def test_text_gets_a_charset(get):
    assert get()[1]["Content-Type"] == "text/javascript; charset=utf-8"


# ---- packed siblings


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("", ()),
        ("gzip, deflate, br, zstd", ("br", "zstd", "gzip")),
        ("gzip;q=1, br;q=0.5", ("gzip", "br")),
        ("br;q=0, gzip", ("gzip",)),
        ("*", ("br", "zstd", "gzip")),
        ("*;q=0", ()),
        ("gzip, *;q=0", ("gzip",)),
        ("identity", ()),
        ("identity;q=0.5, gzip;q=0.4, br;q=0.6", ("br",)),
        ("identity;q=1, *;q=0", ()),
        ("identity;q=0, zstd;q=0.1", ("zstd",)),
        ("x-gzip", ("gzip",)),
        ("GZIP", ("gzip",)),
        ("gzip;q=2, nonsense;;, \x00", ()),
    ],
)
def test_rfc9110_s12_5_3_codings_a_client_takes(field, expected):
    assert accepted_codings(field) == expected


def test_the_best_sibling_is_sent_as_the_file(get):
    tags = set()
    for accepted, coding in {"": None, "gzip, br": "br", "zstd": "zstd", "gzip": "gzip", "deflate": None}.items():
        status, headers, text = get(accept_encoding=accepted)
        suffix = {None: "", "br": ".br", "zstd": ".zst", "gzip": ".gz"}[coding]
        assert (status, text) == (200, f"content of app.js{suffix}")
        assert headers.get("Content-Encoding") == coding
        assert headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert headers["Content-Length"] == str(len(text))
        assert headers["Content-Disposition"] == "inline; filename=app.js"
        assert headers["Vary"] == "Accept-Encoding"
        tags.add(headers["ETag"])
    assert len(tags) == 4


def test_each_coding_is_validated_by_its_own_tag(get):
    packed, plain = (get(accept_encoding=accepted)[1]["ETag"] for accepted in ("br", ""))
    status, headers, _ = get(accept_encoding="br", if_none_match=packed)
    assert (status, headers["ETag"], headers["Vary"]) == (304, packed, "Accept-Encoding")
    assert get(accept_encoding="br", if_none_match=plain)[0] == 200
    assert get(accept_encoding="", if_none_match=packed)[0] == 200


def test_a_given_tag_is_not_that_of_a_sibling(folder):
    tags = []
    for accepted in ("br", "gzip", ""):
        environ = {"REQUEST_METHOD": "GET", "HTTP_ACCEPT_ENCODING": accepted}
        policy = FilePolicy(siblings=Siblings())
        with send_file(folder / "app.js", environ, etag="given", policy=policy) as response:
            tags.append(response.get_etag()[0])
    assert tags == ["given-br", "given-gzip", "given"]


def test_files_without_siblings_have_nothing_of_it(get):
    headers = get("lone.css", accept_encoding="br")[1]
    assert "Vary" not in headers
    assert "Content-Encoding" not in headers


def test_siblings_are_not_looked_for_unless_wanted(get, folder):
    status, headers, text = get(policy=FilePolicy(), accept_encoding="br")
    assert (status, text) == (200, "content of app.js")
    assert "Vary" not in headers
    environ = {"REQUEST_METHOD": "GET", "HTTP_ACCEPT_ENCODING": "br"}
    policy = FilePolicy(siblings=Siblings())
    with send_file(folder / "app.js", environ, as_attachment=True, policy=policy) as response:
        assert "Content-Encoding" not in response.headers
    with send_file(folder / "app.js.gz", environ, policy=policy) as response:
        assert response.headers["Content-Encoding"] == "gzip"


def test_a_range_is_of_the_plain_file_or_of_what_if_range_names(get):
    packed, plain = (get(accept_encoding=accepted)[1]["ETag"] for accepted in ("br", ""))
    status, headers, text = get(accept_encoding="br", range="bytes=11-")
    assert (status, text, headers.get("Content-Encoding")) == (206, "app.js", None)
    status, headers, text = get(accept_encoding="br", range="bytes=11-", if_range=packed)
    assert (status, text, headers["Content-Encoding"]) == (206, "app.js.br", "br")
    status, headers, text = get(accept_encoding="br", range="bytes=11-", if_range=plain)
    assert (status, text, headers.get("Content-Encoding")) == (206, "app.js", None)
    # The client no longer takes what it has a part of: all of it anew.
    status, headers, text = get(accept_encoding="", range="bytes=11-", if_range=packed)
    assert (status, text, headers.get("Content-Encoding")) == (200, "content of app.js", None)


def test_stale_siblings_are_left(get, folder):
    os.utime(folder / "app.js.br", (1, 1))
    assert get(accept_encoding="br, gzip")[1]["Content-Encoding"] == "gzip"


def test_siblings_that_are_no_files_or_go_away(get, folder):
    os.unlink(folder / "app.js.br")
    os.mkfifo(folder / "app.js.br")
    policy = FilePolicy(siblings=Siblings())
    assert get(policy=policy, accept_encoding="br, gzip")[1]["Content-Encoding"] == "gzip"
    os.unlink(folder / "app.js.gz")
    status, headers, text = get(policy=policy, accept_encoding="br, gzip")
    assert (status, text, headers.get("Content-Encoding")) == (200, "content of app.js", None)


def test_the_file_system_is_asked_once_in_a_while(folder, monkeypatch):
    clock = FakeClock()
    siblings = Siblings(freshness=1.0, most=2, clock=clock)
    asked = []
    real = os.stat
    monkeypatch.setattr(os, "stat", lambda path, **more: asked.append(path) or real(path, **more))
    path = str(folder / "lone.css")
    for _ in range(100):
        assert siblings.find(path, 0) == ()
    assert len(asked) == 3
    (folder / "lone.css.gz").write_text("packed")
    assert siblings.find(path, 0) == ()
    clock.now = 1.0
    assert siblings.find(path, 0) == ("gzip",)
    assert len(asked) == 6
    for number in range(5):
        siblings.find(f"/none/{number}", 0)
        assert len(siblings._known) <= 2


@pytest.mark.parametrize("wrong", [{"freshness": -1}, {"most": 0}])
def test_wrong_settings_of_siblings(wrong):
    with pytest.raises(ValueError, match="must"):
        Siblings(**wrong)


# ---- names


@pytest.mark.parametrize(
    ("name", "is_hashed"),
    [
        ("app.3f2a9c1b.js", True),
        ("app-3f2a9c1b7d.css", True),
        ("app_3f2a9c1b.js.map", True),
        ("logo.d41d8cd98f00b204e9800998ecf8427e.svg", True),
        ("app.js", False),
        ("report-20240101.css", False),
        ("app-deadbeef.css", False),
        ("app.3f2a9c1.js", False),
        ("3f2a9c1b.js", False),
        ("app.3F2A9C1B.js", False),
        ("app.3f2a9c1b", False),
        ("x" * 250, False),
    ],
)
def test_names_that_have_a_hash(name, is_hashed):
    assert bool(HASHED_NAME.search(name)) is is_hashed


def test_hashed_names_are_kept_for_good_only_where_the_policy_says_so(get):
    assert get("app.3f2a9c1b.js")[1]["Cache-Control"] == "no-cache"
    policy = FilePolicy(immutable=HASHED_NAME)
    headers = get("app.3f2a9c1b.js", policy)[1]
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert get("app.3f2a9c1b.js", policy, if_none_match=headers["ETag"])[1]["Cache-Control"].endswith("immutable")
    assert get("app.js", policy)[1]["Cache-Control"] == "no-cache"


def test_nosniff_only_where_the_policy_says_so(get):
    assert "X-Content-Type-Options" not in get()[1]
    assert get(policy=FilePolicy(nosniff=True))[1]["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("path", "hidden"),
    [
        ("a/b.c", False),
        (".env", True),
        ("a/.git/config", True),
        ("x/../.env", True),
        ("./a.txt", False),
        ("a/..", False),
        (".well-known/acme/x", False),
        (".well-known/.secret", True),
        (".well-known/../.env", True),
        ("a/.well-known/x", True),
        ("...", True),
    ],
)
def test_hidden_names(path, hidden):
    assert is_hidden(path) is hidden


def test_hidden_files_are_not_found_unless_wanted(get):
    with pytest.raises(NotFound):
        get(".env")
    assert get(".env", FilePolicy(dotfiles=True))[2] == "content of .env"
    assert get(".well-known/security.txt")[2] == "Contact:"


@pytest.mark.parametrize(
    "name",
    [
        "../outside.txt",
        "..",
        "/etc/passwd",
        "//etc/passwd",
        "sub/../../outside.txt",
        "app.js\0",
        "app.js/x",
        "..\\outside.txt",
        "%2e%2e/outside.txt",
        "\udcff\ud800",
        "x" * 300,
        "a/" * 3000,
        "",
        ".",
    ],
)
def test_names_that_lead_nowhere(get, folder, name):
    (folder.parent / "outside.txt").write_text("outside")
    with pytest.raises(NotFound):
        get(name)


def test_links_are_followed(get, folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "x.txt"
    elsewhere.write_text("elsewhere")
    (folder / "link.txt").symlink_to(elsewhere)
    assert get("link.txt")[2] == "elsewhere"
    (folder / "circle").symlink_to(folder / "circle")
    with pytest.raises(NotFound):
        get("circle")


# ---- what cannot be opened


def test_special_files_are_not_opened(get, folder):
    # A path in a socket's address has at most 108 bytes: bind within the folder.
    here = os.open(".", os.O_RDONLY)
    os.chdir(folder)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind("socket")
    os.fchdir(here)
    os.close(here)
    os.mkfifo(folder / "fifo")
    (folder / "null").symlink_to("/dev/null")
    for name in ("socket", "fifo", "null"):
        with pytest.raises(NotFound):
            get(name)
        with pytest.raises(OSError, match="Not a regular file"):
            send_file(folder / name, {"REQUEST_METHOD": "GET"})


def test_a_file_that_becomes_a_fifo_in_between_does_not_block(folder):
    source = filesource.FileSource.at(str(folder / "app.js"))
    os.unlink(folder / "app.js")
    os.mkfifo(folder / "app.js")
    with pytest.raises(OSError, match="Not a regular file"):
        source.open()


def test_a_file_that_is_replaced_in_between_is_described_as_it_is(folder):
    source = filesource.FileSource.at(str(folder / "app.js"))
    (folder / "new").write_text("longer than it was before")
    os.utime(folder / "new", (5, 5))
    os.replace(folder / "new", folder / "app.js")
    with source.open():
        assert (source.size, source.modified) == (25, 5)


@pytest.mark.parametrize(
    ("number", "expected"), [(errno.EACCES, Forbidden), (errno.EMFILE, OSError), (errno.EIO, OSError)]
)
def test_errors_of_opening(get, monkeypatch, number, expected):
    def refuse(path, flags):
        raise OSError(number, os.strerror(number), path)

    monkeypatch.setattr(filesource.os, "open", refuse)
    with pytest.raises(expected):
        get()


def test_an_empty_file(get, folder):
    (folder / "empty").write_bytes(b"")
    status, headers, text = get("empty", range="bytes=0-")
    assert (status, headers["Content-Length"], text) == (200, "0", "")


def test_nothing_stays_open_after_an_error(folder):
    opened = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        with pytest.raises(ValueError):
            send_file(folder / "app.js", {"REQUEST_METHOD": "GET"}, etag='a"b')
    assert len(os.listdir("/proc/self/fd")) == opened
