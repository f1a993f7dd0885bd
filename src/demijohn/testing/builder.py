"""`AppEnvironBuilder`: an `EnvironBuilder` (environ_builder.py) that knows its application's config."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from demijohn.app.application import Demijohn

from .environ_builder import EnvironBuilder


class AppEnvironBuilder(EnvironBuilder):
    """An `EnvironBuilder` that takes its defaults from an application's config: host, root and scheme; and its JSON.

    Args:
        app: the application.
        path: as of `EnvironBuilder`; may be a whole URL.
        base_url: as of `EnvironBuilder`; by default of `SERVER_NAME`, `APPLICATION_ROOT` and `PREFERRED_URL_SCHEME`.
        subdomain: goes before `SERVER_NAME`.
        url_scheme: instead of `PREFERRED_URL_SCHEME`.
        *args: as of `EnvironBuilder`.
        **kwargs: as of `EnvironBuilder`.

    Raises:
        ValueError: a base URL together with a subdomain or scheme.
    """

    def __init__(
        self,
        app: Demijohn,
        path: str = "/",
        base_url: str | None = None,
        subdomain: str | None = None,
        url_scheme: str | None = None,
        *args: Any,  # Any: arguments of EnvironBuilder
        **kwargs: Any,  # Any: as above
    ) -> None:
        if base_url is None:
            base_url, path = _place(app.config, path, subdomain, url_scheme)
        elif subdomain or url_scheme:
            raise ValueError("A base URL says all; give it, or a subdomain or url_scheme, not both.")
        self.app = app
        super().__init__(path, base_url, *args, **kwargs)

    def json_dumps(self, obj: Any, **kwargs: Any) -> str:  # Any: whatever can be rendered as JSON
        """Render JSON as the application does."""
        return self.app.json.dumps(obj, **kwargs)


def _place(config: Mapping[str, Any], path: str, subdomain: str | None, url_scheme: str | None) -> tuple[str, str]:
    """Return (base URL, path) for an application: what a whole URL in `path` says goes before what the config says."""
    url = urlsplit(path)
    host = url.netloc or ".".join(filter(None, (subdomain, config["SERVER_NAME"] or "localhost")))
    scheme = url.scheme or url_scheme or config["PREFERRED_URL_SCHEME"]
    root = config["APPLICATION_ROOT"].lstrip("/")
    return f"{scheme}://{host}/{root}", url.path + (f"?{url.query}" if url.query else "")
