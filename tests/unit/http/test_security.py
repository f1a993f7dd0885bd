import time

import pytest

from demijohn.http import security
from demijohn.http.security import check_password_hash, gen_salt, generate_password_hash, safe_join, secure_filename

QUICK = "pbkdf2:sha256:10"


def test_scrypt_is_the_default():
    stored = generate_password_hash("pässword")
    method, salt, digest = stored.split("$")
    assert method == "scrypt:32768:8:1"
    assert len(salt) == 16
    assert len(digest) == 128
    assert check_password_hash(stored, "pässword")
    assert not check_password_hash(stored, "passwort")


@pytest.mark.parametrize(
    ("method", "full"),
    [("scrypt:2:1:1", "scrypt:2:1:1"), (QUICK, QUICK), ("pbkdf2:sha1:3", "pbkdf2:sha1:3")],
)
def test_methods(method, full):
    stored = generate_password_hash("x", method, salt_length=4)
    assert stored.startswith(full + "$")
    assert len(stored.split("$")[1]) == 4
    assert check_password_hash(stored, "x")
    assert not check_password_hash(stored, "")


def test_pbkdf2_takes_a_million_iterations_by_default(monkeypatch):
    calls = []
    monkeypatch.setattr(security.hashlib, "pbkdf2_hmac", lambda *args: calls.append(args) or b"digest")
    assert generate_password_hash("x", "pbkdf2").startswith("pbkdf2:sha256:1000000$")
    assert calls[0][0] == "sha256"
    assert calls[0][3] == 1_000_000


@pytest.mark.parametrize(
    "stored",
    [
        # Made by Werkzeug 3.1.9 of the password "x".
        "pbkdf2:sha256:1000$unoB$aacbf008b20fcdc99a4bd1a786105ff1f1e99c9fa89e17fbdf16a53f61450db9",
        (
            "scrypt:16384:8:1$ttMD$a84d4c5cf0ccf2cb2d4ebfd81dd1e8eb07b196d70433f1d622faa92fc14dccbda82e1800b230142f44d02bc2"
            "15f5d1b630d32913009256c7c9203ea429c15db4"
        ),
    ],
)
def test_stored_hashes_of_the_original_hold(stored):
    assert check_password_hash(stored, "x")
    assert not check_password_hash(stored, "y")


def test_salts_differ():
    assert len({generate_password_hash("x", QUICK) for _ in range(20)}) == 20


@pytest.mark.parametrize(
    "method",
    [
        "",
        "plain",
        "md5",
        "scrypt:x",
        "scrypt:1:2",
        "scrypt:3:8:1",
        "pbkdf2:nope:1",
        "pbkdf2:sha256:x",
        "pbkdf2:a:1:2",
        "pbkdf2:sha256:0",
    ],
)
def test_methods_that_are_none(method):
    with pytest.raises(ValueError):
        generate_password_hash("x", method)


def test_salt():
    assert len(gen_salt(1)) == 1
    salt = gen_salt(1000)
    assert salt.isalnum()
    assert salt.isascii()
    assert len(set(salt)) > 40
    with pytest.raises(ValueError, match="one character at least"):
        gen_salt(0)


@pytest.mark.parametrize("length", [0, -1])
def test_a_hash_needs_salt(length):
    with pytest.raises(ValueError, match="one character at least"):
        generate_password_hash("x", QUICK, length)


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "$",
        "a$b",
        "scrypt:32768:8:1$salt",
        "pbkdf2:sha256:1$s$",
        "pbkdf2:sha256:1$s$zz",
        "pbkdf2:sha256:1$s$é",
        "pbkdf2:sha256:1$sa$lt$x",
    ],
)
def test_what_is_no_stored_hash_matches_nothing(stored):
    assert check_password_hash(stored, "x") is False


def test_an_unknown_stored_method_is_a_fault_of_ours():
    with pytest.raises(ValueError, match="Invalid hash method"):
        check_password_hash("plain$$x", "x")


def test_hashes_are_compared_in_constant_time(monkeypatch):
    seen = []
    real = security.hmac.compare_digest
    monkeypatch.setattr(security.hmac, "compare_digest", lambda a, b: seen.append((a, b)) or real(a, b))
    check_password_hash(generate_password_hash("x", QUICK), "x")
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("parts", "joined"),
    [
        (["a"], "/b/a"),
        (["a", "c/d"], "/b/a/c/d"),
        (["a/./c//d/"], "/b/a/c/d"),
        (["a/../c"], "/b/c"),
        (["..."], "/b/..."),
        (["..a/x.."], "/b/..a/x.."),
        ([""], "/b/"),
        (["."], "/b/."),
        ([], "/b"),
        (["~/x"], "/b/~/x"),
    ],
)
def test_safe_join(parts, joined):
    assert (safe_join("/b", *parts) or "").rstrip("/") == joined.rstrip("/")


@pytest.mark.parametrize(
    "parts", [["../a"], [".."], ["/a"], ["//a"], ["a/../../b"], ["a", "../b"], ["a", "/b"], ["a\0b"], ["a/../.."]]
)
def test_safe_join_stays_inside(parts):
    assert safe_join("/b", *parts) is None
    assert safe_join("", *parts) is None


def test_safe_join_to_the_current_directory():
    assert safe_join("", "a") == "./a"
    assert safe_join("dir/", "a") == "dir/a"


WINDOWS_TRAPS = [
    "..\\x", "a\\b", "\\a", "C:/x", "C:x", "c:", "x:stream", "CON", "nul.txt", "con ", "a/aux/b", "COM1", "lpt9.x.y", "nul .txt",
    "CONIN$", "conout$", "COM\xb9", "lpt\xb3.txt", "com0", "aux.", "prn..", "nul:x", ".. /x", "a/. ./b", " nul", "x/NUL", "a/ ",
]  # fmt: skip


@pytest.mark.parametrize("trap", WINDOWS_TRAPS)
def test_safe_join_on_windows(monkeypatch, trap):
    assert safe_join("/b", trap) is not None
    monkeypatch.setattr(security, "_is_windows", lambda: True)
    assert safe_join("/b", trap) is None
    assert safe_join("/b", "ok", trap) is None


@pytest.mark.parametrize(
    "fine", ["a", "a/b.txt", "console", "com10", "nulls/x", ".hidden", "a b", "x.con", "", ".", "..x"]
)
def test_safe_join_on_windows_takes_other_names(monkeypatch, fine):
    monkeypatch.setattr(security, "_is_windows", lambda: True)
    assert safe_join("/b", fine) is not None


@pytest.mark.parametrize(
    ("given", "secure"),
    [
        ("My cool movie.mov", "My_cool_movie.mov"),
        ("../../../etc/passwd", "etc_passwd"),
        ("i contain cool \xfcml\xe4uts.txt", "i_contain_cool_umlauts.txt"),
        ("__filename__", "filename"),
        ("foo$&^*)bar", "foobar"),
        ("a\\b", "ab"),
        ("a\0b\n\tc", "ab_c"),
        ("._x.", "x"),
        ("-x", "-x"),
        ("ﬁle Ⅷ", "file_VIII"),
        ("....//x", "x"),
        ("☃", ""),
        ("..", ""),
        ("", ""),
        ("con.txt", "con.txt"),
    ],
)
def test_secure_filename(given, secure):
    assert secure_filename(given) == secure


def test_secure_filename_on_windows(monkeypatch):
    monkeypatch.setattr(security, "_is_windows", lambda: True)
    assert secure_filename("nul.txt") == "_nul.txt"
    assert secure_filename("COM1") == "_COM1"
    assert secure_filename("console.txt") == "console.txt"


def test_long_names_take_linear_time():
    start = time.perf_counter()
    for text in ("../" * 300_000, "a" * 1_000_000, "\u00fc" * 500_000, "._" * 500_000):
        secure_filename(text)
        safe_join("/b", text)
    assert time.perf_counter() - start < 5
