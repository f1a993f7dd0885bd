"""Requests made from environs, and responses that are asked over WSGI."""

import io
import re

from differential.plain import Told, attempt, decode, make, plain
from differential.probes.values import _step

BASE = {
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/",
    "QUERY_STRING": "",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "HTTP_HOST": "localhost",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.multithread": False,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}
HIDDEN = {"Date", "Server"}


def environ_of(variables, body=""):
    """An environ with these variables; `None` takes one away. The body is latin-1 text."""
    environ = {**BASE, "wsgi.input": io.BytesIO(body.encode("latin-1")), "wsgi.errors": io.StringIO(), **variables}
    if body and "CONTENT_LENGTH" not in variables:
        environ["CONTENT_LENGTH"] = str(len(body))
    return {name: value for name, value in environ.items() if value is not None}


def request_of(lib, variables, body, settings):
    """A request whose class has these settings."""
    kind = type("Request", (lib.Request,), settings)
    return kind(environ_of(variables, body))


def attributes(lib, variables, names):
    """What each attribute of a new request is."""
    return {name: attempt(getattr, request_of(lib, variables, "", {}), name) for name in names}


def read(lib, variables, body, settings, steps):
    """Do steps with one request: its body is read in their order."""
    request = request_of(lib, variables, body, settings)
    outcomes = []
    for kind, *rest in steps:
        if kind == "read":
            outcomes.append(attempt(lambda: request.stream.read(*rest)))
        else:
            outcomes.append(attempt(_step, lib, request, kind, *rest))
    attempt(request.close)
    return outcomes


def run(application, environ):
    """Call a WSGI application; status, fields and body."""
    started = []
    pieces = []

    def start_response(status, headers, exc_info=None):
        started[:] = [status, [list(pair) for pair in headers]]
        return pieces.append

    iterable = application(environ, start_response)
    try:
        pieces.extend(iterable)
    finally:
        if hasattr(iterable, "close"):
            iterable.close()
    status, headers = started
    shown = [list(pair) for pair in headers if pair[0] not in HIDDEN]
    return Told(status=status, headers=shown, body=plain(b"".join(pieces)))


def respond(lib, recipe, steps, variables):
    """Make a response, do the steps, then send it."""
    try:
        response = make(lib, recipe)
    except Exception as error:
        return {"made": plain(error)}
    closed = []
    response.call_on_close(lambda: closed.append(True))
    environ = environ_of(variables)
    outcomes = []
    for step in steps:
        if step[0] == "make_conditional":
            options = {name: decode(lib, value) for name, value in (step[1] if len(step) > 1 else {}).items()}
            outcome = attempt(lambda: response.make_conditional(environ, **options) and None)
        elif step[0] in (".get_wsgi_headers", ".get_app_iter"):
            outcome = attempt(getattr(response, step[0][1:]), environ)
        elif "." in step[0][1:]:
            owner, name = step[0].lstrip(".").split(".")
            outcome = attempt(
                _step, lib, getattr(response, owner), ("." if step[0][0] == "." else "") + name, *step[1:]
            )
        else:
            outcome = attempt(_step, lib, response, *step)
        outcomes.append(outcome)
    return {"outcomes": outcomes, "sent": attempt(run, response, environ), "closed": closed}


def send(lib, name, arguments, options, variables):
    """What `send_file` and `send_from_directory` answer."""
    environ = environ_of(variables)
    options = {key: decode(lib, value) for key, value in options.items()}
    response = getattr(lib, name)(*decode(lib, arguments), environ=environ, **options)
    return run(response, environ)


def error(lib, name, arguments, options, variables):
    """An HTTP error: its status, fields and the frame of its page, without the prose."""
    found = {}
    try:
        lib.abort(name, *decode(lib, arguments), **{key: decode(lib, value) for key, value in options.items()})
    except lib.HTTPException as raised:
        failure = raised
    except Exception as raised:
        return plain(raised)
    found["name"], found["code"], found["class"] = failure.name, failure.code, type(failure).__name__
    found["str"] = str(failure).partition(":")[0]
    environ = environ_of(variables)
    found["body"] = frame(failure.get_body(environ))
    found["headers"] = plain(failure.get_headers(environ))
    sent = run(failure.get_response(environ), environ)
    called = run(failure, environ)
    for answer in (sent, called):
        answer["body"] = frame(answer["body"]["bytes"])
        answer["headers"] = without_length(answer["headers"])
    return {**found, "sent": sent, "called": called}


def frame(body):
    """The page up to its heading; what comes behind is prose."""
    head, heading, _ = body.partition("</h1>")
    return [line.strip() for line in (head + heading).splitlines()]


def redirect(lib, name, arguments, variables):
    """A redirect, sent."""
    environ = environ_of(variables)
    made = (
        lib.append_slash_redirect(environ, *arguments) if name == "append_slash_redirect" else lib.redirect(*arguments)
    )
    answer = run(made, environ)
    return {**answer, "headers": without_length(answer["headers"]), "body": linked(answer["body"]["bytes"])}


def without_length(headers):
    """The fields of an answer whose page is prose."""
    return [pair for pair in headers if pair[0] != "Content-Length"]


def linked(body):
    """The frame of a redirect's page, and where it leads."""
    return [*frame(body), re.findall("<a.*</a>", body)]


def upload(lib, arguments, options, steps):
    """Steps with a `FileStorage`."""
    file = lib.FileStorage(*decode(lib, arguments), **{key: decode(lib, value) for key, value in options.items()})
    outcomes = []
    for step in steps:
        if step == "save":
            target = io.BytesIO()
            outcomes.append([attempt(file.save, target), plain(target.getvalue())])
        else:
            outcomes.append(attempt(_step, lib, file, *step))
    file.close()
    return outcomes
