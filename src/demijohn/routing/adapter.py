"""`MapAdapter`: a map bound to a server name, a scheme and an application root, so that it can answer with absolute URLs.

One adapter belongs to one request; it is cheap, and not changed after it is made.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, Protocol
from urllib.parse import urljoin, urlunsplit

from demijohn.http.error_base import HTTPException
from demijohn.http.errors import MethodNotAllowed

from .builder import quote_path, render_query
from .outcomes import (
    BuildError,
    RedirectNeeded,
    RequestAliasRedirect,
    RequestPath,
    RequestRedirect,
    RequestRuleRedirect,
)
from .rule import Rule

_PLACEHOLDER: Final = re.compile(r"<([^>]+)>")

# Any: values of an application's URLs, and endpoints, are of any type.
Values = Mapping[str, Any]
QueryArgs = Mapping[str, Any] | str


class RouteTable(Protocol):
    """A `Map`, for what an adapter needs of it."""

    host_matching: bool
    redirect_defaults: bool

    def match_path(
        self, domain_part: str, path: str, method: str, websocket: bool = False
    ) -> tuple[Rule, dict[str, Any]]:
        """Return rule and values, or raise the outcome."""

    def rules_for(self, endpoint: Any) -> list[Rule]:
        """Return the rules of an endpoint in build order."""

    def iter_rules(self, endpoint: Any = None) -> Iterator[Rule]:
        """Return all rules, or those of an endpoint."""

    def update(self) -> None:
        """Sort, if rules were added."""


class MapAdapter:
    """Made by `Map.bind` and `Map.bind_to_environ`."""

    def __init__(
        self,
        map: RouteTable,
        server_name: str,
        script_name: str,
        subdomain: str | None,
        url_scheme: str,
        path_info: str,
        default_method: str,
        query_args: QueryArgs | None = None,
    ) -> None:
        self.map = map
        self.server_name = server_name
        self.script_name = script_name if script_name.endswith("/") else f"{script_name}/"
        self.subdomain = subdomain
        self.url_scheme = url_scheme
        self.path_info = path_info
        self.default_method = default_method
        self.query_args = query_args
        self.websocket = url_scheme in {"ws", "wss"}

    def dispatch(
        self,
        view_func: Callable[[Any, Values], Any],  # Any: a response, or a WSGI application
        path_info: str | None = None,
        method: str | None = None,
        catch_http_exceptions: bool = False,
    ) -> Any:
        """Match, and return `view_func(endpoint, values)`, or the redirect; with `catch_http_exceptions` any HTTP error."""
        try:
            try:
                endpoint, values = self.match(path_info, method)
            except RequestRedirect as redirect:
                return redirect
            return view_func(endpoint, values)
        except HTTPException as error:
            if catch_http_exceptions:
                return error
            raise

    def match(
        self,
        path_info: str | None = None,
        method: str | None = None,
        return_rule: bool = False,
        query_args: QueryArgs | None = None,
        websocket: bool | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Return (endpoint, values), or (rule, values) with `return_rule`. What is not given is what the adapter was bound with.

        Raises:
            NotFound: no rule takes this path.
            MethodNotAllowed: only for other methods.
            WebsocketMismatch: only on another kind of connection.
            RequestRedirect: the resource has another URL.
        """
        path = self.path_info if path_info is None else path_info
        method = (method or self.default_method).upper()
        domain = self.server_name if self.map.host_matching else self.subdomain
        try:
            rule, values = self.map.match_path(
                domain or "",
                f"/{path.lstrip('/')}" if path else "",
                method,
                self.websocket if websocket is None else websocket,
            )
        except RedirectNeeded as needed:
            query = self.query_args if query_args is None else query_args
            raise RequestRedirect(self._redirect_url(needed, path, method, query or {})) from None
        return (rule if return_rule else rule.endpoint), values

    def _redirect_url(self, needed: RedirectNeeded, path: str, method: str, query_args: QueryArgs) -> str:
        if isinstance(needed, RequestPath):
            return self.make_redirect_url(quote_path(needed.path_info), query_args)
        if isinstance(needed, RequestAliasRedirect):
            return self.make_alias_redirect_url(path, needed.endpoint, needed.matched_values, method, query_args)
        assert isinstance(needed, RequestRuleRedirect)  # noqa: S101  # there is no fourth kind
        if needed.target is not None:
            url = self.get_default_redirect(needed.rule, method, needed.values, query_args)
            if url is not None:
                return url
        return self._redirect_to_url(needed.rule, needed.values)

    def _redirect_to_url(self, rule: Rule, values: Values) -> str:
        target = rule.redirect_to
        assert target is not None  # noqa: S101  # the table raised for it
        if callable(target):
            url = target(self, **values)
        else:
            url = _PLACEHOLDER.sub(lambda found: rule._converters[found[1]].to_url(values[found[1]]), target)
        host = f"{self.subdomain}.{self.server_name}" if self.subdomain else self.server_name
        return urljoin(f"{self.url_scheme or 'http'}://{host}{self.script_name}", url)

    def test(self, path_info: str | None = None, method: str | None = None) -> bool:
        """Return True if a rule takes the request, or takes it after a redirect."""
        try:
            self.match(path_info, method)
        except RequestRedirect:
            return True
        except HTTPException:
            return False
        return True

    def allowed_methods(self, path_info: str | None = None) -> Iterable[str]:
        """Return the methods of the rules at a path; none if they take any, or there is no rule."""
        try:
            self.match(path_info, method="--")
        except MethodNotAllowed as error:
            return error.valid_methods or []
        except HTTPException:
            pass
        return []

    def get_host(self, domain_part: str | None) -> str:
        """Return the host for a domain part: a whole host with host matching, else a subdomain; None is the adapter's own."""
        if self.map.host_matching:
            return self.server_name if domain_part is None else domain_part
        subdomain = self.subdomain if domain_part is None else domain_part
        return f"{subdomain}.{self.server_name}" if subdomain else self.server_name

    def get_default_redirect(
        self, rule: Rule, method: str, values: dict[str, Any], query_args: QueryArgs
    ) -> str | None:
        """Return the URL of the rule that has `values` as its defaults, if there is one of higher rank than `rule`."""
        for other in self.map.rules_for(rule.endpoint):
            if other is rule:
                break
            if other.provides_defaults_for(rule) and other.suitable_for(values, method):
                built = other.build({**values, **(other.defaults or {})})
                if built is not None:
                    return self.make_redirect_url(built[1], query_args, domain_part=built[0])
        return None

    def encode_query_args(self, query_args: QueryArgs) -> str:
        """Return a query as text; a text is returned as it is."""
        return query_args if isinstance(query_args, str) else render_query(query_args)

    def make_redirect_url(
        self, path_info: str, query_args: QueryArgs | None = None, domain_part: str | None = None
    ) -> str:
        """Return an absolute URL for an encoded path below the application's root."""
        if query_args is None:
            query_args = self.query_args
        query = self.encode_query_args(query_args) if query_args else ""
        path = f"{self.script_name.strip('/')}/{path_info.lstrip('/')}"
        return urlunsplit((self.url_scheme or "http", self.get_host(domain_part), path, query, ""))

    def make_alias_redirect_url(
        self, path: str, endpoint: Any, values: Values, method: str, query_args: QueryArgs
    ) -> str:
        """Return the absolute canonical URL for an alias."""
        url = self.build(endpoint, values, method, append_unknown=False, force_external=True)
        return f"{url}?{self.encode_query_args(query_args)}" if query_args else url

    def build(
        self,
        endpoint: Any,
        values: Values | None = None,
        method: str | None = None,
        force_external: bool = False,
        append_unknown: bool = True,
        url_scheme: str | None = None,
    ) -> str:
        """Return the URL of an endpoint: the path if it is on this host, else (or with `force_external`) absolute.

        Values that are no variables go into the query if `append_unknown`; None values are left out. With `method`, only
        rules that take it; without, one that takes the adapter's method is preferred.

        Raises:
            BuildError: no rule of the endpoint has what it needs.
            ValueError: a converter has no text for a value.
        """
        if not values:
            values = {}
        elif type(values) is not dict:
            values = _given(values)
        else:
            # PERF: rarely is one None, and then a copy is made.
            for value in values.values():
                if value is None:
                    values = _given(values)
                    break
        table = self.map
        by_host = table.host_matching
        rules = table.rules_for(endpoint)
        built: tuple[str, str] | None = None
        # With a method only rules that take it; else first those that take the adapter's, then any.
        for wanted in (self.default_method, None) if method is None else (method,):
            for candidate in rules:
                result = candidate.build(values, append_unknown) if candidate.suitable_for(values, wanted) else None
                # With host matching a rule of this very host is better than one before it of another.
                if result is not None and (built is None or result[0] == self.server_name):
                    built, rule = result, candidate
                    if not by_host or result[0] == self.server_name:
                        break
            if built is not None:
                break
        else:
            raise BuildError(endpoint, dict(values), method, self)
        domain_part, path = built
        websocket = rule.websocket
        path = path.lstrip("/")
        if not force_external and not websocket:
            # A relative URL of a WebSocket would be asked for with http.
            here = self.server_name if by_host else self.subdomain
            if domain_part == here:
                return f"/{path}" if self.script_name == "/" else f"{self.script_name.rstrip('/')}/{path}"
        scheme = self.url_scheme if url_scheme is None else url_scheme
        is_secure = scheme in {"https", "wss"}
        if websocket:
            scheme = "wss" if is_secure else "ws"
        elif scheme:
            scheme = "https" if is_secure else "http"
        return f"{f'{scheme}:' if scheme else ''}//{self.get_host(domain_part)}{self.script_name[:-1]}/{path}"


def _given(values: Values) -> Values:
    """Return the values without those that are None; of a multidict, one value, or the list of several."""
    if hasattr(values, "getlist"):
        lists = {name: values.getlist(name) for name in values}
        return {name: items[0] if len(items) == 1 else items for name, items in lists.items() if items}
    return {name: value for name, value in values.items() if value is not None}
