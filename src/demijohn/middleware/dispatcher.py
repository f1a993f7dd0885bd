"""`DispatcherMiddleware`: several WSGI applications side by side, told apart by the first segments of the path."""

from collections.abc import Iterable, Mapping

from demijohn.message.environ import Environ
from demijohn.message.wsgi import StartResponse, WSGIApplication


class DispatcherMiddleware:
    """Passes a request to the application mounted under the longest prefix of its path, else to `app`.

    Prefixes match whole segments: `/admin` takes `/admin` and `/admin/x`, not `/administer`. The mounted application finds
    the prefix at the end of `SCRIPT_NAME` and the rest in `PATH_INFO`, so its URLs come out right.

    Args:
        app: who answers what no mount takes.
        mounts: applications by prefix, such as `{"/admin": admin_app}`; may be changed between requests.
    """

    def __init__(self, app: WSGIApplication, mounts: Mapping[str, WSGIApplication] | None = None) -> None:
        self.app = app
        self.mounts: Mapping[str, WSGIApplication] = mounts or {}

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as a WSGI application."""
        path: str = environ.get("PATH_INFO", "")
        prefix = ""
        app = self.mounts.get("", self.app) if path[:1] in {"", "/"} else self.app
        # Over the mounts and not over the path's segments: a path of a hundred thousand slashes costs no more than another.
        for mount, mounted in self.mounts.items():
            if len(mount) > len(prefix) and path.startswith(mount) and path[len(mount) : len(mount) + 1] in {"", "/"}:
                prefix, app = mount, mounted
        environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + prefix
        environ["PATH_INFO"] = path[len(prefix) :]
        return app(environ, start_response)
