"""How matching and building can end, other than with a rule or a URL: the exceptions of this room.

Nothing is decided here. `NotFound` and `MethodNotAllowed` are of `demijohn.http.errors`.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from markupsafe import escape

from demijohn.http.error_base import HTTPException
from demijohn.http.errors import BadRequest


class RoutingException(Exception):
    """What all outcomes of routing are, `NoMatch` aside."""


class RequestRedirect(HTTPException, RoutingException):
    """308: the resource has a canonical URL, `new_url` (absolute), and this is not it."""

    code = 308

    def __init__(self, new_url: str) -> None:
        super().__init__(new_url)
        self.new_url = new_url

    def get_description(
        self,
        environ: dict[str, Any] | None = None,  # Any: WSGI
        scope: dict[str, Any] | None = None,  # Any: ASGI
    ) -> str:
        """Return a paragraph with a link, for clients that do not follow."""
        shown = escape(self.new_url)
        return f'<p>The page is at <a href="{shown}">{shown}</a>. Follow the link if you are not taken there.</p>'

    def get_headers(
        self,
        environ: dict[str, Any] | None = None,  # Any: WSGI
        scope: dict[str, Any] | None = None,  # Any: ASGI
    ) -> list[tuple[str, str]]:
        """Return the fields, with `Location`."""
        return [*super().get_headers(environ, scope), ("Location", self.new_url)]


class RedirectNeeded(RoutingException):
    """`Map.match_path` found a rule, or nearly, and it asks for a redirect.

    The table knows no host and no scheme, so it cannot say where to. `MapAdapter.match` with the same arguments raises the
    `RequestRedirect`. The subclasses say why.
    """


class RequestPath(RedirectNeeded):
    """The same resource is at `path_info`: with a slash at the end, or with doubled slashes merged."""

    def __init__(self, path_info: str) -> None:
        super().__init__(path_info)
        self.path_info = path_info


class RequestAliasRedirect(RedirectNeeded):
    """The rule is an alias; the URL of `endpoint` with `matched_values` is the canonical one."""

    def __init__(self, matched_values: Mapping[str, Any], endpoint: Any) -> None:  # Any: both are the application's
        super().__init__(matched_values, endpoint)
        self.matched_values = matched_values
        self.endpoint = endpoint


class RequestRuleRedirect(RedirectNeeded):
    """The values are another rule's defaults (`target` is that rule), or the rule has a `redirect_to` (`target` is None)."""

    def __init__(self, rule: Any, values: dict[str, Any], target: Any = None) -> None:  # Any: rules are above this file
        super().__init__(rule, values, target)
        self.rule = rule
        self.values = values
        self.target = target


class WebsocketMismatch(BadRequest):
    """400: the only rules here are for WebSockets and the request is not one, or the other way round."""


class NoMatch(Exception):
    """No rule takes the request; `have_match_for` are methods that would have been taken at this path."""

    def __init__(self, have_match_for: set[str], websocket_mismatch: bool) -> None:
        super().__init__(have_match_for, websocket_mismatch)
        self.have_match_for = have_match_for
        self.websocket_mismatch = websocket_mismatch


class DuplicateRuleError(RoutingException, ValueError):
    """A rule can never match, because `earlier` takes all its requests. Raised by a Map with `refuse_duplicates` only."""

    def __init__(self, rule: Any, earlier: Any) -> None:  # Any: rules are above this file
        super().__init__(f"{rule!r} can never match: {earlier!r} was added before it and takes the same requests.")
        self.rule = rule
        self.earlier = earlier


class KnownRule(Protocol):
    """What a `BuildError` reads of a rule to suggest it."""

    endpoint: Any
    arguments: set[str]
    methods: set[str] | None
    defaults: Mapping[str, Any] | None


class RuleSource(Protocol):
    """A table of rules."""

    def iter_rules(self, endpoint: Any = None) -> Iterable[Any]:
        """Return all rules."""


class HasMap(Protocol):
    """A `MapAdapter`, for what a `BuildError` needs of it."""

    @property
    def map(self) -> RuleSource:
        """The table."""


class BuildError(RoutingException, LookupError):
    """No rule of `endpoint` can be built from `values` for `method`. The text suggests what may have been meant."""

    def __init__(
        self,
        endpoint: Any,  # Any: an endpoint is any object
        values: Mapping[str, Any],
        method: str | None,
        adapter: HasMap | None = None,
    ) -> None:
        super().__init__(endpoint, values, method)
        self.endpoint = endpoint
        self.values = values
        self.method = method
        self.adapter = adapter
        self._suggested: list[KnownRule | None] = []

    @property
    def suggested(self) -> KnownRule | None:
        """The rule that is most like what was asked for; looked for once, when first read."""
        if not self._suggested:
            self._suggested.append(self.closest_rule(self.adapter))
        return self._suggested[0]

    def closest_rule(self, adapter: HasMap | None) -> KnownRule | None:
        """Return the rule of the adapter's map with the most similar endpoint; values and method decide a draw."""
        rules: list[KnownRule] = [] if adapter is None else list(adapter.map.iter_rules())
        return max(rules, key=self._likeness, default=None)

    def _likeness(self, rule: KnownRule) -> float:
        from difflib import SequenceMatcher

        similar = SequenceMatcher(None, str(rule.endpoint), str(self.endpoint)).ratio()
        takes_values = set(self.values or ()) <= rule.arguments
        takes_method = bool(rule.methods and self.method in rule.methods)
        return 0.98 * similar + 0.01 * takes_values + 0.01 * takes_method

    def __str__(self) -> str:
        text = f"Could not build url for endpoint {self.endpoint!r}"
        if self.method:
            text += f" ({self.method!r})"
        if self.values:
            text += f" with values {sorted(self.values)!r}"
        return f"{text}.{self._hint()}"

    def _hint(self) -> str:
        rule = self.suggested
        if rule is None:
            return ""
        if rule.endpoint != self.endpoint:
            return f" Did you mean {rule.endpoint!r} instead?"
        hint = ""
        if self.method and rule.methods is not None and self.method not in rule.methods:
            hint = f" Did you mean to use methods {sorted(rule.methods)!r}?"
        missing = (rule.arguments | set(rule.defaults or ())) - set(self.values)
        if missing:
            hint += f" Did you forget to specify values {sorted(missing)!r}?"
        return hint
