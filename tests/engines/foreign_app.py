"""A small application that is served by our server and by those of others."""

from demijohn import Demijohn, jsonify, request, session

app = Demijohn(__name__)
app.secret_key = "a secret"


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
