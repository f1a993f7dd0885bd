"""A small application that is served by our server and by those of others."""

import os
import sys

from demijohn import Demijohn, jsonify, request, session

app = Demijohn(__name__)
app.secret_key = "a secret"

if "SAY_MOMENTS" in os.environ:
    for moment in (app.on_startup, app.on_worker_start, app.on_worker_stop, app.on_shutdown):
        moment(lambda name=moment.__name__: print("moment", name, os.getpid(), file=sys.stderr, flush=True))

    @app.before_request
    def before() -> None:
        app.after_response(print, "moment", "after", os.getpid(), file=sys.stderr, flush=True)


@app.get("/hello/<name>")
def hello(name: str) -> str:
    return f"{request.args.get('greeting', 'hello')} {name}"


@app.post("/echo")
def echo():
    return jsonify(form=request.form)


@app.get("/count")
def count() -> str:
    session["count"] = session.get("count", 0) + 1
    return str(session["count"])


@app.get("/stream")
def stream():
    return (f"{number}," for number in range(10))


@app.get("/boom")
def boom() -> str:
    raise ValueError("a fault of the view")
