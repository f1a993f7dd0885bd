"""What the nodes behind the proxies serve, below /wsgi by way of an environ. REDIS_URL: where sessions are."""

import hashlib
import os
import time
from pathlib import Path

from demijohn import Demijohn, Response, abort, request
from demijohn.sessions import RedisSessionInterface, session

app = Demijohn(__name__)
app.config["SESSION_REDIS_URL"] = os.environ.get("REDIS_URL", "redis://127.0.0.1:1")
app.session_interface = RedisSessionInterface()
app.mount("/wsgi", lambda environ, start_response: inner.wsgi_app(environ, start_response))
inner = Demijohn("inner")

BLOCK = bytes(range(256)) * 256


@app.post("/login/<user>")
def login(user: str):
    session.regenerate(user=user)
    session["n"] = 0
    return told(n=0)


@app.put("/count/<int:n>")
def count(n: int):
    """Count up; the same number twice is the same as once, so that a proxy may send it again."""
    if session.user is None:
        abort(401)
    if session["n"] not in (n - 1, n):
        abort(409)
    session["n"] = n
    return told(n=n)


@app.post("/add")
def add():
    if session.user is None:
        abort(401)
    return told(added=session.change("added", lambda added: added + 1, 0))


@app.get("/me")
def me():
    return told(n=session.get("n"), added=session.get("added", 0))


@app.route("/hold/<name>", methods=["PUT", "POST"])
def hold(name: str):
    """Tell by a file that the request is here, and wait for one that says that it may go on."""
    folder = Path(os.environ["HOLD"])
    (folder / f"{name}.{os.environ['NODE']}").touch()
    while not (folder / "release").exists():
        time.sleep(0.02)
    return {"node": os.environ["NODE"]}


def told(**more):
    return {"node": os.environ.get("NODE"), "worker": os.getpid(), "user": session.user, **more}


@inner.get("/seen")
@app.get("/seen")
def seen():
    return {
        "remote_addr": request.remote_addr,
        "remote_port": request.environ.get("REMOTE_PORT"),
        "scheme": request.scheme,
        "host": request.host,
        "url": request.url,
        "forwarded": sorted(name.lower() for name, _ in request.headers if "forwarded" in name.lower()),
    }


@inner.post("/upload")
@app.post("/upload")
def upload():
    digest, size = hashlib.sha256(), 0
    while block := request.stream.read(1 << 16):
        digest.update(block)
        size += len(block)
    return {"sha256": digest.hexdigest(), "size": size}


@inner.get("/download/<int:blocks>")
@app.get("/download/<int:blocks>")
def download(blocks: int):
    return Response((BLOCK for _ in range(blocks)), mimetype="application/octet-stream")
