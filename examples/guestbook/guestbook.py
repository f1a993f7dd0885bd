"""A guestbook: a small but complete application.

Visitors sign with a form, may attach a file, and may take back what they wrote. Programs use a JSON API under /api/.
Entries live in SQLite, attachments in files beside it, both in the data folder: $GUESTBOOK_DATA, or the instance folder.
"""

import contextlib
import fcntl
import math
import os
import secrets
import sqlite3
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from demijohn import (
    Demijohn,
    Response,
    abort,
    current_app,
    flash,
    g,
    jsonify,
    redirect,
    render_template,
    request,
    send_from_directory,
    session,
    url_for,
)

PER_PAGE = 10
MOST_PER_PAGE = 100
LONGEST_NAME = 60
LONGEST_MESSAGE = 2000
LONGEST_FILENAME = 120
ATTACHMENT_LIMIT = 2 * 1024 * 1024
FORM_LIMIT = 64 * 1024  # what the other fields and the framing of an upload may add
REMEMBERED_ENTRIES = 50  # that a visitor may take back; the list is kept in the session cookie, which is small

ENTRY_COLUMNS = """
    SELECT id, name, message, created_at, filename, stored_as, size
    FROM entries LEFT JOIN attachments ON entry_id = id
"""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def create_app(config: Mapping[str, Any] | None = None) -> Demijohn:
    """Make the application; `config` overrides any setting."""
    app = Demijohn(__name__)
    app.config.update(
        DATA_FOLDER=os.environ.get("GUESTBOOK_DATA") or app.instance_path,
        SECRET_KEY=os.environ.get("SECRET_KEY"),
        MAX_CONTENT_LENGTH=ATTACHMENT_LIMIT + FORM_LIMIT,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    app.config.update(config or {})
    data = Path(app.config["DATA_FOLDER"])
    (data / "attachments").mkdir(parents=True, exist_ok=True)
    if not app.config["SECRET_KEY"]:
        app.config["SECRET_KEY"] = load_secret_key(data / "secret_key")
    create_tables(data / "guestbook.sqlite", Path(app.root_path, "schema.sql").read_text(encoding="utf-8"))

    app.add_url_rule("/", view_func=show_page)
    app.add_url_rule("/", view_func=sign, methods=["POST"])
    app.add_url_rule("/entries/<int:entry_id>", view_func=show_entry)
    app.add_url_rule("/entries/<int:entry_id>/attachment", view_func=download)
    app.add_url_rule("/entries/<int:entry_id>/delete", view_func=take_back, methods=["POST"])
    app.add_url_rule("/api/entries", view_func=api_list)
    app.add_url_rule("/api/entries", view_func=api_create, methods=["POST"])
    app.add_url_rule("/api/entries/<int:entry_id>", view_func=api_entry)

    app.before_request(check_csrf_token)
    app.after_request(add_security_headers)
    app.teardown_appcontext(close_database)
    for code in (400, 403, 404, 405, 413, 415, 500):
        app.register_error_handler(code, show_error)
    app.context_processor(lambda: {"csrf_token": csrf_token, "limits": LIMITS})
    app.add_template_filter(long_date)
    app.add_template_filter(file_size)
    return app


LIMITS = {"name": LONGEST_NAME, "message": LONGEST_MESSAGE, "attachment": ATTACHMENT_LIMIT}


# ---------------------------------------------------------------------- secret key and database


def load_secret_key(path: Path) -> bytes:
    """Read the key that signs sessions; at the first start, make it. All of several processes that start get the same."""
    with contextlib.suppress(FileNotFoundError):
        return path.read_bytes()
    # mkstemp makes the file readable for us only. The link then shows it under its name, whole, and to one of us first.
    fd, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with open(fd, "wb") as file:
            file.write(secrets.token_bytes(32))
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        os.unlink(temporary)
    return path.read_bytes()


def create_tables(path: Path, schema: str) -> None:
    with path.with_suffix(".lock").open("wb") as lock, contextlib.closing(sqlite3.connect(path, timeout=30)) as db:
        # Of several processes that start at once one after another: SQLite does not wait for a change of the journal mode.
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Readers and one writer do not wait for each other. The setting stays with the file.
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(schema)


def database() -> sqlite3.Connection:
    """Return the connection of this application context; open it when it is first asked for."""
    if "database" not in g:
        path = Path(current_app.config["DATA_FOLDER"], "guestbook.sqlite")
        g.database = sqlite3.connect(path, timeout=10)
        g.database.row_factory = sqlite3.Row
        g.database.execute("PRAGMA foreign_keys = ON")
    return g.database


def close_database(error: BaseException | None) -> None:
    db = g.pop("database", None)
    if db is not None:
        db.close()


# ---------------------------------------------------------------------- entries


def entries_of_page(page: int, per_page: int) -> tuple[list[sqlite3.Row], int, int]:
    """Return the entries of a page, newest first, the number of pages and the number of entries. 404 behind the end."""
    (total,) = database().execute("SELECT count(*) FROM entries").fetchone()
    pages = max(1, math.ceil(total / per_page))
    if not 1 <= page <= pages:
        abort(404, f"There is no page {page}.")
    rows = database().execute(f"{ENTRY_COLUMNS} ORDER BY id DESC LIMIT ? OFFSET ?", (per_page, (page - 1) * per_page))
    return rows.fetchall(), pages, total


def entry_or_404(entry_id: int) -> sqlite3.Row:
    row = None
    with contextlib.suppress(OverflowError):  # a number too large for SQLite is the number of no entry
        row = database().execute(f"{ENTRY_COLUMNS} WHERE id = ?", (entry_id,)).fetchone()
    if row is None:
        abort(404, "There is no such entry. Maybe its writer took it back.")
    return row


def problems_with(name: str, message: str) -> dict[str, str]:
    problems = {}
    if not name:
        problems["name"] = "Please say who you are."
    elif len(name) > LONGEST_NAME:
        problems["name"] = f"A name has at most {LONGEST_NAME} characters."
    if not message:
        problems["message"] = "Please write something."
    elif len(message) > LONGEST_MESSAGE:
        problems["message"] = f"A message has at most {LONGEST_MESSAGE} characters; this one has {len(message)}."
    for field, text in (("name", name), ("message", message)):
        # JSON can spell half a character, which no file and no answer can hold.
        if any("\ud800" <= character <= "\udfff" for character in text):
            problems[field] = f"The {field} is not valid Unicode."
    return problems


def add_entry(name: str, message: str, attachment: Any = None) -> int:
    """Store an entry and the upload that comes with it; return the entry's number."""
    stored_as = secrets.token_hex(16)
    path = attachments_folder() / stored_as
    if attachment is not None:
        attachment.save(path)
    try:
        with database() as db:
            entry_id = db.execute("INSERT INTO entries (name, message) VALUES (?, ?)", (name, message)).lastrowid
            if attachment is not None:
                db.execute(
                    "INSERT INTO attachments (entry_id, filename, stored_as, size) VALUES (?, ?, ?, ?)",
                    (entry_id, display_name(attachment.filename), stored_as, path.stat().st_size),
                )
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return entry_id


def display_name(filename: str) -> str:
    """What to call a file: the last part of what the visitor's browser said, shortened, without control characters."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in last if c.isprintable())[-LONGEST_FILENAME:].strip() or "attachment"


def attachments_folder() -> Path:
    return Path(current_app.config["DATA_FOLDER"], "attachments")


# ---------------------------------------------------------------------- pages


def show_page() -> str:
    return render_page()


def render_page(problems: Mapping[str, str] | None = None) -> str:
    page = request.args.get("page", 1, type=int)
    entries, pages, total = entries_of_page(page, PER_PAGE)
    return render_template(
        "index.html", entries=entries, page=page, pages=pages, total=total, problems=problems or {}, mine=mine()
    )


def sign() -> Response | tuple[str, int]:
    name = request.form.get("name", "").strip()
    message = request.form.get("message", "").strip().replace("\r\n", "\n")
    attachment = request.files.get("attachment")
    if attachment is not None and not attachment.filename:
        attachment = None  # the field was left empty
    problems = problems_with(name, message)
    if problems:
        return render_page(problems), 400
    entry_id = add_entry(name, message, attachment)
    session["name"] = name
    session["mine"] = [*mine(), entry_id][-REMEMBERED_ENTRIES:]
    flash(f"Thank you, {name}. Your entry is in the book.", "success")
    return redirect(url_for("show_page"), 303)


def show_entry(entry_id: int) -> str:
    return render_template("entry.html", entry=entry_or_404(entry_id), mine=mine())


def download(entry_id: int) -> Response:
    entry = entry_or_404(entry_id)
    if entry["filename"] is None:
        abort(404, "This entry has no attachment.")
    # Never shown inline and never by the type the uploader claims: an uploaded page must not run on our origin.
    return send_from_directory(
        attachments_folder(),
        entry["stored_as"],
        as_attachment=True,
        download_name=entry["filename"],
        mimetype="application/octet-stream",
    )


def take_back(entry_id: int) -> Response:
    entry = entry_or_404(entry_id)
    if entry_id not in mine():
        abort(403, "Only who wrote an entry can take it back.")
    with database() as db:
        db.execute("DELETE FROM entries WHERE id = ?", (entry_id,))
    if entry["stored_as"] is not None:
        (attachments_folder() / entry["stored_as"]).unlink(missing_ok=True)
    session["mine"] = [number for number in mine() if number != entry_id]
    flash("Your entry is no longer in the book.", "success")
    return redirect(url_for("show_page"), 303)


def mine() -> list[int]:
    """Numbers of the entries that this visitor wrote and may take back."""
    return session.get("mine", [])


# ---------------------------------------------------------------------- JSON API


def api_list() -> Response:
    page = request.args.get("page", 1, type=int)
    per_page = request.args.get("per_page", PER_PAGE, type=int)
    if not 1 <= per_page <= MOST_PER_PAGE:
        abort(400, f"per_page must be between 1 and {MOST_PER_PAGE}.")
    entries, pages, total = entries_of_page(page, per_page)
    return jsonify(entries=[as_json(entry) for entry in entries], page=page, pages=pages, total=total)


def api_create() -> tuple[Response, int, dict[str, str]]:
    # Answers 415 unless the type is application/json, which a form on a foreign site cannot send: so no CSRF token.
    data = request.get_json()
    if not isinstance(data, dict):
        abort(400, "Send a JSON object with name and message.")
    name, message = data.get("name", ""), data.get("message", "")
    if not (isinstance(name, str) and isinstance(message, str)):
        abort(400, "name and message must be strings.")
    name, message = name.strip(), message.strip()
    problems = problems_with(name, message)
    if problems:
        abort(400, " ".join(problems.values()))
    entry = as_json(entry_or_404(add_entry(name, message)))
    return jsonify(entry), 201, {"Location": entry["url"]}


def api_entry(entry_id: int) -> Response:
    return jsonify(as_json(entry_or_404(entry_id)))


def as_json(entry: sqlite3.Row) -> dict[str, Any]:
    attachment = None
    if entry["filename"] is not None:
        url = url_for("download", entry_id=entry["id"])
        attachment = {"filename": entry["filename"], "size": entry["size"], "url": url}
    return {
        "id": entry["id"],
        "name": entry["name"],
        "message": entry["message"],
        "created_at": entry["created_at"],
        "attachment": attachment,
        "url": url_for("api_entry", entry_id=entry["id"]),
    }


# ---------------------------------------------------------------------- around every request


def csrf_token() -> str:
    """Return the token that this visitor's forms must carry."""
    if "csrf_token" not in session:
        session["csrf_token"] = secrets.token_urlsafe(24)
    return session["csrf_token"]


def check_csrf_token() -> None:
    """Refuse forms that did not come from our own pages."""
    if request.method != "POST" or is_api():
        return
    expected, sent = session.get("csrf_token", ""), request.form.get("csrf_token", "")
    if not expected or not secrets.compare_digest(expected.encode(), sent.encode()):
        abort(400, "This form has expired. Go back, reload the page, and send it again.")


def add_security_headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    return response


def show_error(error: Any) -> tuple[Response | str, int]:
    description = error.description
    if error.code == 413:
        description = f"That is too much at once: an attachment may have up to {file_size(ATTACHMENT_LIMIT)}."
    if is_api():
        return jsonify(error=description, code=error.code), error.code
    return render_template("error.html", code=error.code, name=error.name, description=description), error.code


def is_api() -> bool:
    return request.path.startswith("/api/")


# ---------------------------------------------------------------------- template filters


def long_date(timestamp: str) -> str:
    moment = datetime.fromisoformat(timestamp)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def file_size(count: int) -> str:
    if count < 1024:
        return f"{count} bytes"
    return f"{count / 1024:.0f} KB" if count < 1024 * 1024 else f"{count / 1024 / 1024:.1f} MB".replace(".0 ", " ")


app = create_app()
