"""How the application starts: its data folder, its secret key, several processes at once."""

import os
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest


def test_the_secret_key_is_made_once_and_is_nobody_elses(guestbook, tmp_path):
    path = tmp_path / "secret_key"
    key = guestbook.load_secret_key(path)
    assert len(key) == 32
    assert guestbook.load_secret_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["secret_key"]


def test_all_who_start_together_get_the_same_key(guestbook, tmp_path):
    for number in range(20):
        path = tmp_path / str(number)
        with ThreadPoolExecutor(8) as pool:
            keys = list(pool.map(guestbook.load_secret_key, [path] * 8))
        assert len(set(keys)) == 1
        assert path.read_bytes() == keys[0]


def test_a_key_that_is_there_already_wins(guestbook, tmp_path):
    (tmp_path / "secret_key").write_bytes(b"mine")
    app = guestbook.create_app({"DATA_FOLDER": str(tmp_path)})
    assert app.config["SECRET_KEY"] == b"mine"


def test_sessions_survive_a_restart(guestbook, tmp_path):
    first = guestbook.create_app({"TESTING": True, "DATA_FOLDER": str(tmp_path)}).test_client()
    first.get("/")
    cookie = first.get_cookie("session")
    second = guestbook.create_app({"TESTING": True, "DATA_FOLDER": str(tmp_path)}).test_client()
    second.set_cookie("session", cookie.value)
    with first.session_transaction() as before, second.session_transaction() as after:
        assert before["csrf_token"] == after["csrf_token"]


def test_the_environment_says_where_the_data_is(guestbook, tmp_path, monkeypatch):
    monkeypatch.setenv("GUESTBOOK_DATA", str(tmp_path / "deep" / "inside"))
    monkeypatch.setenv("SECRET_KEY", value := "from outside")
    app = guestbook.create_app()
    assert app.secret_key == value
    assert (tmp_path / "deep" / "inside" / "guestbook.sqlite").exists()


def test_many_can_make_the_database_at_once(guestbook, tmp_path):
    def start(number):
        guestbook.create_app({"DATA_FOLDER": str(tmp_path / str(number // 8))})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(start, range(80)))


def test_the_connection_belongs_to_the_context_and_is_closed_with_it(app, guestbook):
    with app.app_context():
        db = guestbook.database()
        assert guestbook.database() is db
        db.execute("SELECT count(*) FROM entries")
    with pytest.raises(sqlite3.ProgrammingError):
        db.execute("SELECT 1")
    with app.app_context():
        assert guestbook.database() is not db


def test_an_entry_that_cannot_be_stored_leaves_no_file_behind(app, guestbook, tmp_path):
    import io

    class Upload:
        filename = "x.txt"

        def save(self, path):
            path.write_bytes(io.BytesIO(b"x").read())

    with app.app_context(), pytest.raises(sqlite3.IntegrityError):
        guestbook.add_entry(None, "no name", Upload())
    assert os.listdir(tmp_path / "attachments") == []
