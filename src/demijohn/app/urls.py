"""`AppUrls`: the URL side of an application: adapters, `url_for`, and what to do if that fails."""

import sys
from typing import Any
from urllib.parse import quote

from ..message.redirect import redirect as _redirect
from ..routing import BuildError, MapAdapter
from ..routing.environ import without_standard_port
from . import crossing, slot
from .registry import blueprint_scopes
from .requests import Request
from .setup import AppSetup
from .slot import current

_STEP = crossing.STEP
_ANCHOR_SAFE = "%!#$&'()*+,/:;=?@"


class AppUrls(AppSetup):
    """Building URLs and binding the map to requests."""

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return the adapter of a request, or (for `None`) of SERVER_NAME; `None` if that is not set.

        SERVER_NAME does not restrict which hosts are answered: `TRUSTED_HOSTS` does.

        Raises:
            SecurityError: the host is not trusted (400).
        """
        server_name: str | None = self.config["SERVER_NAME"]
        if request is None:
            if server_name is None:
                return None
            return self.url_map.bind(
                server_name,
                script_name=self.config["APPLICATION_ROOT"],
                url_scheme=self.config["PREFERRED_URL_SCHEME"],
            )
        if self.config["TRUSTED_HOSTS"] is not None:
            request.trusted_hosts = self.config["TRUSTED_HOSTS"]
        _ = request.host  # raises SecurityError
        by_host = self.url_map.host_matching
        if by_host:
            server_name = None
        # None: what the host has before SERVER_NAME.
        subdomain = None if by_host or self.subdomain_matching else self.url_map.default_subdomain or ""
        if subdomain is not None and self.url_map.binds_plainly and not request._wants_upgrade:
            # PERF: the same adapter, without reading (or for a request of the native door, building) an environ.
            scheme = request.scheme
            sent_by = (
                request.environ.get("REQUEST_METHOD", "GET") if request._made_from_environ else request._head.method
            )
            return self.url_map.bind(
                request.host.lower() if server_name is None else without_standard_port(server_name.lower(), scheme),
                request.root_path,
                subdomain,
                scheme,
                sent_by.upper(),
                request.path,
                request.query_string.decode("utf-8", "replace") if request.query_string else "",
            )
        return self.url_map.bind_to_environ(request.environ, server_name=server_name, subdomain=subdomain)

    # PERF: while it is still this one, a request may be matched without an adapter; see context.py.
    slot.plain_url_adapter = create_url_adapter

    def _adapter_for_nobody(self, request: Request) -> MapAdapter:
        """Return an adapter for a request whose host is not trusted: it builds paths, and absolute URLs of SERVER_NAME."""
        return self.url_map.bind(
            self.config["SERVER_NAME"] or "localhost",
            script_name=request.root_path,
            url_scheme=request.scheme,
            default_method=request.method,
            path_info=request.path,
        )

    def url_for(
        self,
        /,
        endpoint: str,
        *,
        _anchor: str | None = None,
        _method: str | None = None,
        _scheme: str | None = None,
        _external: bool | None = None,
        **values: Any,
    ) -> str:
        """Return the URL of an endpoint: a path while a request is handled, absolute otherwise or with `_external`.

        Values that the rule does not know become the query. `_anchor` is the fragment, `_method` the method the rule has
        to take, `_scheme` the scheme of an absolute URL. An endpoint with a dot in front is the current blueprint's;
        `name::endpoint` is in a mounted application, `::endpoint` in the one around this one.

        Raises:
            demijohn.routing.BuildError: no rule of the endpoint takes these values, and no handler helps.
            RuntimeError: there is no request and no SERVER_NAME.
            ValueError: `_scheme` together with `_external=False`.
        """
        ctx = current(None)
        if _STEP in endpoint and endpoint not in self.url_map._by_endpoint:
            return self._url_across(endpoint, values, _anchor, _method, _scheme, _external)
        if ctx is not None and ctx.has_request:
            adapter = ctx.url_adapter
            if endpoint[:1] == ".":
                blueprint = ctx.request.blueprint
                endpoint = endpoint[1:] if blueprint is None else f"{blueprint}{endpoint}"
            if _external is None:
                _external = _scheme is not None
        else:
            adapter = self.create_url_adapter(None) if ctx is None else ctx.url_adapter
            if _external is None:
                _external = True
        if adapter is None:
            raise RuntimeError(
                "No URL can be built here: outside of a request the config has to name the server in 'SERVER_NAME', and,"
                " where they differ from the defaults, 'APPLICATION_ROOT' and 'PREFERRED_URL_SCHEME'."
            )
        if _scheme is not None and not _external:
            raise ValueError("A URL with a `_scheme` is absolute; it cannot be asked for with `_external=False`.")
        cls = type(self)
        if (
            self.url_default_functions
            or cls.inject_url_defaults is not cls._plain_url_defaults
            or "inject_url_defaults" in self.__dict__
        ):
            self.inject_url_defaults(endpoint, values)
        try:
            url: str = adapter.build(endpoint, values, method=_method, url_scheme=_scheme, force_external=_external)
        except BuildError as error:
            values.update(_anchor=_anchor, _method=_method, _scheme=_scheme, _external=_external)
            return self.handle_url_build_error(error, endpoint, values)
        return url if _anchor is None else f"{url}#{quote(_anchor, safe=_ANCHOR_SAFE)}"

    def _url_across(
        self,
        endpoint: str,
        values: dict[str, Any],
        anchor: str | None,
        method: str | None,
        scheme: str | None,
        external: bool | None,
    ) -> str:
        """Return the URL of an endpoint in another application; see crossing.py."""
        ctx = current(None)
        request = ctx.request if ctx is not None and ctx.has_request and ctx.app is self else None
        if external is None:
            external = scheme is not None or request is None
        elif not external and scheme is not None:
            raise ValueError("A URL with a `_scheme` is absolute; it cannot be asked for with `_external=False`.")
        try:
            url = crossing.build(self, request, endpoint, values, method, scheme, external)
        except BuildError as error:
            return self.handle_url_build_error(error, endpoint, values)
        return url if anchor is None else f"{url}#{quote(anchor, safe=_ANCHOR_SAFE)}"

    def inject_url_defaults(self, endpoint: str, values: dict[str, Any]) -> None:
        """Let the `url_defaults` functions of the application and of the endpoint's blueprints add values."""
        functions = self.url_default_functions
        for function in functions.get(None, ()):
            function(endpoint, values)
        if "." in endpoint:
            for scope in reversed(blueprint_scopes(endpoint.rpartition(".")[0])):
                for function in functions.get(scope, ()):
                    function(endpoint, values)

    # PERF: while it is still this one, `url_for` does not call it for nothing.
    _plain_url_defaults = inject_url_defaults

    def handle_url_build_error(self, error: BuildError, endpoint: str, values: dict[str, Any]) -> str:
        """Return a URL that one of `url_build_error_handlers` knows.

        Raises:
            demijohn.routing.BuildError: none does; the last one raised.
        """
        active = sys.exc_info()[1]
        for handler in self.url_build_error_handlers:
            try:
                url = handler(error, endpoint, values)
            except BuildError as again:
                error = again
            else:
                if url is not None:
                    return url
        if error is active:
            raise  # noqa: PLE0704 - called where the error is handled: its traceback stays as it is
        raise error

    def redirect(self, location: str, code: int = 302) -> Any:  # Any: of `response_class`
        """Return a redirect to a location."""
        return _redirect(location, code, self.response_class)
