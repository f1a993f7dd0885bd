"""`app(environ, start_response)` against Flask's, in one run: `python -m bench.application`."""

import io
from importlib import import_module
from typing import Any

from .turns import Case, compare


def make_application(framework: Any) -> Any:  # Any: one of two frameworks
    """Return the application that is called; the same source on both."""
    app = (getattr(framework, "Demijohn", None) or framework.Flask)(__name__)
    app.secret_key = "a secret"
    app.get("/")(lambda: "Hello, World!")
    app.get("/json/<int:number>", endpoint="json")(lambda number: {"number": number, "q": framework.request.args["q"]})
    app.get("/session", endpoint="session")(lambda: framework.session["name"])
    app.get("/login", endpoint="login")(lambda: framework.session.update(name="zoe") or "")
    app.post("/form", endpoint="form")(lambda: framework.request.form["a"])
    app.get("/urls", endpoint="urls")(lambda: framework.url_for("json", number=1) + framework.url_for("login", x=2))
    return app


def environ_for(path: str, query: str = "", **more: Any) -> dict[str, Any]:  # Any: environs hold anything
    """Return what a server would pass for a browser's request."""
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "HTTP_USER_AGENT": "Mozilla/5.0",
        "HTTP_ACCEPT": "text/html,*/*;q=0.8",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **more,
    }


def cases(is_rival: bool) -> dict[str, Case]:
    """Return what is timed."""
    app = make_application(import_module("flask" if is_rival else "demijohn"))
    fields: list[tuple[str, str]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
        fields[:] = headers

    def call(**environ: Any) -> Case:  # Any: see environ_for
        def once() -> None:
            body = app(environ_for(**environ), start_response)
            for _ in body:
                pass
            body.close()

        return once

    def post() -> None:
        body = b"a=1&b=2"
        environ = environ_for("/form", REQUEST_METHOD="POST", CONTENT_TYPE="application/x-www-form-urlencoded")
        answer = app({**environ, "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}, start_response)
        for _ in answer:
            pass
        answer.close()

    call(path="/login")()
    cookie = dict(fields)["Set-Cookie"].partition(";")[0]
    return {
        "hello": call(path="/"),
        "JSON with a converter and a query": call(path="/json/17", query="q=abc"),
        "404": call(path="/nowhere"),
        "session, read": call(path="/session", HTTP_COOKIE=cookie),
        "session, written": call(path="/login"),
        "form": post,
        "two url_for": call(path="/urls"),
    }


if __name__ == "__main__":
    compare("application", __doc__, "Flask 3.1.3", cases)
