"""Streams, WSGI helpers, middleware and locals."""

import contextlib
import contextvars
import io
import operator

from differential.plain import attempt, decode, plain
from differential.probes.messages import environ_of, run


def limited(lib, content, limit, is_max, steps):
    """Reads of a limited stream."""
    stream = lib.LimitedStream(io.BytesIO(content.encode("latin-1")), limit, is_max)
    return [
        attempt(getattr(stream, name), *arguments) if name != "list" else attempt(list, stream)
        for name, *arguments in steps
    ]


def input_stream(lib, variables, body, options):
    """What `get_input_stream` gives for an environ."""
    environ = {key: value for key, value in environ_of(variables).items() if value is not None}
    environ["wsgi.input"] = io.BytesIO(body.encode("latin-1"))
    return [attempt(lib.get_content_length, environ), attempt(lambda: lib.get_input_stream(environ, **options).read())]


def proxied(lib, variables, counts):
    """What an application behind `ProxyFix` sees."""
    seen = {}

    def application(environ, start_response):
        seen.update({key: value for key, value in environ.items() if isinstance(value, str)})
        seen["orig"] = environ.get("werkzeug.proxy_fix.orig")
        start_response("200 OK", [])
        return []

    run(lib.ProxyFix(application, **counts), environ_of(variables))
    return sorted((key, plain(value)) for key, value in seen.items())


def dispatched(lib, path, root):
    """Which application `DispatcherMiddleware` calls, and what it sees."""

    def named(name):
        def application(environ, start_response):
            start_response("200 OK", [("X-Name", name)])
            return [f"{environ['SCRIPT_NAME']}|{environ['PATH_INFO']}".encode()]

        return application

    application = lib.DispatcherMiddleware(named("main"), {"/a": named("a"), "/a/b": named("ab"), "/c d": named("cd")})
    return run(application, environ_of({"PATH_INFO": path, "SCRIPT_NAME": root}))


def shared(lib, folder, path, options, variables):
    """What `SharedDataMiddleware` serves."""

    def application(environ, start_response):
        start_response("404 NOT FOUND", [])
        return [b"application"]

    middleware = lib.SharedDataMiddleware(application, {"/files": folder, "/one": f"{folder}/plain.py"}, **options)
    answer = run(middleware, environ_of({"PATH_INFO": path, **variables}))
    answer["status"] = answer["status"][:3]
    answer["headers"] = sorted(
        pair
        for pair in answer["headers"]
        if pair[0] in ("Content-Type", "Content-Length", "Content-Disposition", "Last-Modified")
    )
    return answer


def helpers(lib, kind, variables):
    """Requests and responses made in other ways."""
    if kind == "from_values":
        request = lib.Request.from_values(
            "/p?a=b", base_url="http://x:81/r", method="POST", data={"c": "d"}, headers={"X": "y"}
        )
        return [request.url, request.form, request.headers.get("X"), request.script_root].__str__()
    if kind == "force_type":
        other = type("Other", (lib.Response,), {"own": True})
        return [type(other.force_type(lib.Response("x"))).__name__, attempt(lib.Response.force_type, 5)]
    if kind == "from_app":

        def application(environ, start_response):
            write = start_response("299 Fine", [("X", "y")])
            write(b"written ")
            return [b"and ", b"returned"]

        found = [lib.Response.from_app(application, environ_of(variables), buffered) for buffered in (False, True)]
        return [
            [response.status, list(response.headers), plain(response.get_data()), response.is_sequence]
            for response in found
        ]
    if kind == "application":

        @lib.Request.application
        def responding(request):
            if request.path == "/missing":
                lib.abort(404)
            return lib.Response(request.path)

        return [run(responding, environ_of({"PATH_INFO": path}))["status"] for path in ("/", "/missing")]
    closed = []
    if kind == "closing":
        iterator = lib.ClosingIterator(iter([b"a", b"b"]), [lambda: closed.append(1), lambda: closed.append(2)])
        return [plain(list(iterator)), iterator.close(), closed]
    file = io.BytesIO(b"0123456789")
    wrapped = lib.wrap_file({}, file, 4) if kind == "wrap_file" else lib.FileWrapper(file, 3)
    return [plain(list(wrapped)), wrapped.close(), file.closed]


OPERATIONS = {
    name: getattr(operator, name)
    for name in (
        "add sub mul mod eq ne lt le gt ge and_ or_ xor contains getitem concat lshift truediv floordiv pow matmul"
    ).split()
}
UNARY = {
    "neg": operator.neg,
    "abs": abs,
    "len": len,
    "str": str,
    "repr": repr,
    "bool": bool,
    "iter": list,
    "hash": hash,
    "int": int,
    "float": float,
    "index": operator.index,
}
UNARY |= {
    "bytes": bytes,
    "reversed": lambda value: list(reversed(value)),
    "round": round,
    "class": lambda value: value.__class__.__name__,
    "dir": lambda value: "upper" in dir(value),
}
UNARY |= {
    "isinstance": lambda value: [isinstance(value, kind) for kind in (str, int, list, dict)],
    "call": lambda value: value(),
    "doc": lambda value: bool(value.__doc__),
}


def proxied_value(lib, value, operation, other, source):
    """An operation on a proxy of a value, and on the value's right side."""
    value, other = decode(lib, value), decode(lib, other)
    variable = contextvars.ContextVar("value")
    if source == "variable":
        variable.set(value)
        proxy = lib.LocalProxy(variable)
    elif source == "local":
        local = lib.Local()
        local.value = value
        proxy = local("value")
    elif source == "stack":
        stack = lib.LocalStack()
        stack.push(value)
        proxy = stack()
    elif source == "unbound":
        proxy = lib.LocalProxy(variable, unbound_message="nothing here")
    else:
        proxy = lib.LocalProxy(lambda: value)
    if operation in UNARY:
        return attempt(UNARY[operation], proxy)
    return [attempt(OPERATIONS[operation], proxy, other), attempt(OPERATIONS[operation], other, proxy)]


def locals_used(lib, steps):
    """Steps with a `Local` and a `LocalStack`."""
    local, stack = lib.Local(), lib.LocalStack()
    outcomes = []
    for name, *arguments in steps:
        if name == "set":
            outcomes.append(attempt(setattr, local, *arguments))
        elif name == "get":
            outcomes.append(attempt(getattr, local, *arguments))
        elif name == "delete":
            outcomes.append(attempt(delattr, local, *arguments))
        elif name == "push":
            outcomes.append(attempt(stack.push, *arguments))
        elif name == "pop":
            outcomes.append(attempt(stack.pop))
        elif name == "top":
            outcomes.append(attempt(lambda: stack.top))
        elif name == "list":
            outcomes.append(attempt(lambda: sorted(local)))
        elif name == "release":
            outcomes.append(attempt(lib.release_local, local if arguments[0] == "local" else stack))
        elif name == "elsewhere":
            with contextlib.suppress(Exception):
                contextvars.copy_context().run(setattr, local, "a", "elsewhere")
            contextvars.copy_context().run(stack.push, "elsewhere")
    return outcomes
