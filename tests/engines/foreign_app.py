"""A small application that is served by our server and by those of others."""

import os

from demijohn import Demijohn, jsonify, request, session

app = Demijohn(__name__)
app.secret_key = "a secret"

if "SAY_MOMENTS" in os.environ:

    def say(what: str) -> None:
        # In one piece: `print` writes a line and its end one after the other, and the server logs meanwhile.
        os.write(2, f"moment {what} {os.getpid()}\n".encode())

    for moment in (app.on_startup, app.on_worker_start, app.on_worker_stop, app.on_shutdown):
        moment(lambda name=moment.__name__: say(name))

    @app.before_request
    def before() -> None:
        app.after_response(say, "after")


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
