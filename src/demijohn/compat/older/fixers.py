"""Middleware that mended environs for the servers of its time."""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from demijohn.http.headers import Headers
from demijohn.middleware.proxy_fix import ProxyFix as _ProxyFix

Environ = dict[str, Any]  # Any: PEP 3333
Application = Callable[[Environ, Any], Iterable[bytes]]


class ProxyFix(_ProxyFix):
    """The `ProxyFix` of today, by the number of proxies; each is believed about address, scheme and host.

    SECURITY: as in Werkzeug 0.14, the host is believed; count no more proxies than there are.
    """

    def __init__(self, app: Application, num_proxies: int | None = None, **kwargs: int) -> None:
        if num_proxies is not None or not kwargs:
            count = 1 if num_proxies is None else num_proxies
            kwargs = {"x_for": count, "x_proto": count, "x_host": count, **kwargs}
        super().__init__(app, **kwargs)


class CGIRootFix:
    """Has the application where `app_root` says, whatever the server says."""

    def __init__(self, app: Application, app_root: str = "/") -> None:
        self.app = app
        self.app_root = app_root.strip("/")

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Answer."""
        environ["SCRIPT_NAME"] = self.app_root
        return self.app(environ, start_response)


LighttpdCGIRootFix = CGIRootFix


class PathInfoFromRequestUriFix:
    """Takes the path from the target as it came, where the server decodes it wrongly."""

    def __init__(self, app: Application) -> None:
        self.app = app

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Answer."""
        for key in ("REQUEST_URL", "REQUEST_URI", "UNENCODED_URL"):
            if key in environ:
                path = unquote_to_bytes(urlsplit(environ[key]).path).decode("latin1")
                script_name = environ.get("SCRIPT_NAME", "")
                if path.startswith(script_name):
                    environ["PATH_INFO"] = path[len(script_name) :]
                break
        return self.app(environ, start_response)


class HeaderRewriterFix:
    """Removes and adds fields of every answer."""

    def __init__(
        self, app: Application, remove_headers: Iterable[str] | None = None, add_headers: Any = None
    ) -> None:  # Any: a mapping or pairs
        self.app = app
        self.remove_headers = {name.lower() for name in remove_headers or ()}
        self.add_headers = list(Headers(add_headers or ()))

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Answer."""

        def rewriting(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            kept = [field for field in headers if field[0].lower() not in self.remove_headers]
            return start_response(status, [*kept, *self.add_headers], exc_info)

        return self.app(environ, rewriting)


class InternetExplorerFix:
    """Passes requests on: the browsers whose faults it mended are gone."""

    def __init__(self, app: Application, fix_vary: bool = True, fix_attach: bool = True) -> None:
        self.app = app

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Answer."""
        return self.app(environ, start_response)
