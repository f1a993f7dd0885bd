"""`PartsRequest`: a request made of its parts, without environ, connection or body. COMPAT: `werkzeug.sansio.request.Request`."""

from urllib.parse import quote

from demijohn.http.headers import Headers

from .environ import Environ
from .request import Request


class PartsRequest(Request):
    """A request whose parts are given one by one; its body is empty.

    Args:
        method: the method.
        scheme: `http` or `https`.
        server: our end, as host and port or path and `None`.
        root_path: where the application is mounted, decoded.
        path: the path below it, decoded.
        query_string: what stands behind the `?`.
        headers: the header fields, which are what `headers` is.
        remote_addr: the client's address.
    """

    def __init__(
        self,
        method: str,
        scheme: str,
        server: tuple[str, int | None] | None,
        root_path: str,
        path: str,
        query_string: bytes,
        headers: Headers,
        remote_addr: str | None,
    ) -> None:
        environ: Environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": root_path.encode().decode("latin-1"),
            "PATH_INFO": path.encode().decode("latin-1"),
            "REQUEST_URI": quote(root_path.rstrip("/") + "/" + path.lstrip("/")),
            "QUERY_STRING": query_string.decode("latin-1"),
            "wsgi.url_scheme": scheme,
        }
        for key, value in headers:
            variable = key.upper().replace("-", "_")
            if variable not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
                variable = f"HTTP_{variable}"
            between = "; " if variable == "HTTP_COOKIE" else ", "
            environ[variable] = f"{environ[variable]}{between}{value}" if variable in environ else value
        if server is not None:
            environ["SERVER_NAME"] = server[0]
            if server[1] is not None:
                environ["SERVER_PORT"] = str(server[1])
        if remote_addr is not None:
            environ["REMOTE_ADDR"] = remote_addr
        super().__init__(environ, populate_request=False)
        self.headers = headers
        self.server = server
