"""`EnvironBuilder` and `Client`: the environs they make, and how they keep cookies and follow redirects."""

import re

from differential.plain import Told, attempt, decode, plain
from differential.probes.messages import linked
from differential.probes.values import _step


def environ_of(lib, arguments, options, steps=()):
    """The environ of a builder, with its body read."""
    builder = lib.EnvironBuilder(*decode(lib, arguments), **{key: decode(lib, value) for key, value in options.items()})
    outcomes = [attempt(_step, lib, builder, *step) for step in steps]
    environ = attempt_environ(builder)
    builder.close()
    return {"outcomes": outcomes, "environ": environ}


def attempt_environ(builder):
    try:
        environ = builder.get_environ()
    except Exception as error:
        return plain(error)
    body = environ["wsgi.input"].read()
    found = {
        key: plain(value)
        for key, value in environ.items()
        if key not in ("wsgi.input", "wsgi.errors", "werkzeug.request")
    }
    return Told(sorted(without_boundary(found, body).items()))


def without_boundary(found, body):
    """Multipart bodies as their parts, without the boundary, which is drawn at random."""
    boundary = re.search('boundary="?([^"]*)', str(found.get("CONTENT_TYPE", "")))
    if boundary is None:
        return {**found, "body": plain(body)}
    parts = [part.strip(b"\r\n-") for part in body.split(b"--" + boundary.group(1).encode())]
    hidden = {key: value for key, value in found.items() if key not in ("CONTENT_LENGTH", "HTTP_CONTENT_LENGTH")}
    return {**hidden, "CONTENT_TYPE": "multipart/form-data", "parts": [plain(part) for part in parts if part]}


def echo(lib):
    """A WSGI application that redirects, sets cookies and says what it was asked."""

    @lib.Request.application
    def application(request):
        path = request.path
        query = request.args
        if "cookie" in query:
            response = lib.Response("set")
            for text in query.getlist("cookie"):
                response.headers.add("Set-Cookie", text)
            return response
        if "to" in query:
            return lib.redirect(query["to"], int(query.get("code", 302)))
        if path == "/loop":
            return lib.redirect("/loop")
        text = [
            request.method,
            path,
            request.query_string.decode("latin-1"),
            sorted(request.cookies.items(multi=True)),
            request.host,
        ]
        return lib.Response(
            repr([*text, request.get_data(), sorted(request.form.items(multi=True)), request.content_type or ""])
        )

    return application


def browse(lib, settings, steps):
    """Steps of one client: requests, and its methods about cookies."""
    client = lib.Client(echo(lib), lib.Response, **settings)
    outcomes = []
    for kind, *rest in steps:
        if kind == "open":
            outcomes.append(attempt(opened, client, *rest))
        elif kind == "cookie":
            outcomes.append(attempt(told_cookie, client, *rest))
        else:
            outcomes.append(attempt(_step, lib, client, kind, *rest))
    return outcomes


def opened(client, path, options):
    with client.open(path, **options) as response:
        body = response.get_data().decode("latin-1")
        fields = [list(pair) for pair in response.headers]
        is_page = body.startswith("<!doctype") or (not body and response.status_code >= 300)
        if is_page:
            fields = [pair for pair in fields if pair[0] != "Content-Length"]
        return Told(
            status=response.status,
            headers=fields,
            body=linked(body) if is_page else re.sub("boundary=[^']*", "", body),
            history=[[before.status, before.location, before.request.path] for before in response.history],
            url=response.request.url,
            method=response.request.method,
        )


def told_cookie(client, *arguments):
    cookie = client.get_cookie(*arguments)
    if cookie is None:
        return None
    names = [
        "key",
        "value",
        "decoded_key",
        "decoded_value",
        "domain",
        "path",
        "origin_only",
        "secure",
        "http_only",
        "same_site",
        "max_age",
    ]
    return Told((name, plain(getattr(cookie, name))) for name in names)
