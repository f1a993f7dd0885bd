"""`Map`: all rules of an application, and the settings that hold for all of them.

Rules are added by one thread; adding marks the map dirty, and the next match, build or `update` sorts and indexes under a lock.
From then on any number of threads read without one. `match_path` is the hot path; what needs a host or a scheme (redirects,
building) is `MapAdapter`'s.
"""

import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from threading import Lock
from types import FrameType
from typing import Any, ClassVar

from demijohn.http.errors import BadHost, MethodNotAllowed, NotFound
from demijohn.http.host import MAX_KEPT_CHARACTERS
from demijohn.http.immutable import ImmutableDict

from .adapter import MapAdapter
from .builder import SortKey
from .converters import DEFAULT_CONVERTERS, BaseConverter, ValidationError
from .environ import (
    INVALID_SUBDOMAIN,
    HasEnviron,
    request_host,
    request_scheme,
    subdomain_of,
    without_standard_port,
    wsgi_text,
)
from .matcher import Matcher, Target
from .outcomes import DuplicateRuleError, NoMatch, RequestAliasRedirect, RequestRuleRedirect, WebsocketMismatch
from .rule import Rule, RuleFactory
from .shadows import Shadows


class Map:
    """All rules, and what holds for them unless they say otherwise.

    Args:
        rules: rules or factories to start with.
        default_subdomain: of rules that name none.
        strict_slashes: a branch without its slash is redirected to the URL with it; else taken as well.
        merge_slashes: doubled slashes are redirected to single ones.
        redirect_defaults: a URL that spells out the defaults of another rule of the endpoint is redirected to that rule's.
        converters: more converters, or others in the place of the standard ones.
        sort_parameters, sort_key: the order of the query in built URLs; else that of the values.
        host_matching: rules match on the whole host (`Rule.host`) and no longer on a subdomain.
        subdomain_matching: `bind_to_environ` finds the subdomain of a request. Without it every host is answered, and has the
            default subdomain.
        refuse_duplicates: adding a rule that can never match is an error; else `shadowed_rules` tells.
    """

    default_converters: ClassVar[Mapping[str, type[BaseConverter]]] = ImmutableDict(DEFAULT_CONVERTERS)
    lock_class: Any = Lock  # Any: libraries of other kinds of threads bring their own
    binds_plainly: bool = True
    """Nobody replaced `bind` or `bind_to_environ`, so who only wants to match may do without an adapter."""

    def __init_subclass__(cls, **kwargs: Any) -> None:  # Any: object's signature
        super().__init_subclass__(**kwargs)
        cls.binds_plainly = cls.bind is Map.bind and cls.bind_to_environ is Map.bind_to_environ

    def __setattr__(self, name: str, value: Any) -> None:  # Any: object's signature
        super().__setattr__(name, value)
        if name in {"bind", "bind_to_environ"}:
            self.__dict__["binds_plainly"] = False

    def __init__(
        self,
        rules: Iterable[RuleFactory] | None = None,
        default_subdomain: str = "",
        strict_slashes: bool = True,
        merge_slashes: bool = True,
        redirect_defaults: bool = True,
        converters: Mapping[str, type[BaseConverter]] | None = None,
        sort_parameters: bool = False,
        sort_key: SortKey | None = None,
        host_matching: bool = False,
        *,
        subdomain_matching: bool = True,
        refuse_duplicates: bool = False,
    ) -> None:
        # PERF: an attribute of the instance is found sooner than one of the class.
        self.binds_plainly = type(self).binds_plainly
        self.default_subdomain = default_subdomain
        self.strict_slashes = strict_slashes
        self.merge_slashes = merge_slashes
        self.redirect_defaults = redirect_defaults
        self.host_matching = host_matching
        self.subdomain_matching = subdomain_matching
        self.converters = {**self.default_converters, **(converters or {})}
        self.sort_parameters = sort_parameters
        self.sort_key = sort_key
        self.refuse_duplicates = refuse_duplicates
        self._added: list[Rule] = []  # in the order of adding
        self._by_endpoint: dict[Any, list[Rule]] = {}  # Any: endpoints; each list in build order unless dirty
        self._matcher = Matcher(())
        self._shadows = Shadows()
        self._is_dirty = False
        self._lock = self.lock_class()
        for factory in rules or ():
            self.add(factory)

    def add(self, rulefactory: RuleFactory) -> None:
        """Bind a rule, or those of a factory.

        Raises:
            RuntimeError: a rule is bound to a map already.
            ValueError: a rule is malformed.
            LookupError: a rule names a converter that does not exist.
            DuplicateRuleError: a rule can never match, and the map refuses that.
        """
        for rule in rulefactory.get_rules(self):
            rule.bind(self)
            with self._lock:
                earlier = self._shadows.add(rule) if self.refuse_duplicates else None
                if earlier is not None:
                    raise DuplicateRuleError(rule, earlier)
                self._added.append(rule)
                self._is_dirty = True

    def rule_changed(self) -> None:
        """Have everything sorted again before the next use. `Rule.refresh` calls this."""
        self._is_dirty = True

    def update(self) -> None:
        """Sort and index, if rules were added. Matching and building do this on their own."""
        if self._is_dirty:
            with self._lock:
                self._sort()

    def _sort(self) -> None:
        # Of several threads that wait for the lock the first has done it for all.
        if self._is_dirty:
            # New objects in place of the old: a thread in the middle of a match is not disturbed.
            by_endpoint: dict[Any, list[Rule]] = {}  # Any: endpoints
            for rule in self._added:
                by_endpoint.setdefault(rule.endpoint, []).append(rule)
            for rules in by_endpoint.values():
                rules.sort(key=lambda rule: rule.build_compare_key())
            with_defaults = {key: [rule for rule in rules if rule.defaults] for key, rules in by_endpoint.items()}
            self._by_endpoint = by_endpoint
            self._matcher = Matcher(
                Target(rule, _may_redirect(rule, with_defaults[rule.endpoint]))
                for rule in self._added
                if not rule.build_only
            )
            self._is_dirty = False

    def match_path(
        self, domain_part: str, path: str, method: str, websocket: bool = False
    ) -> tuple[Rule, dict[str, Any]]:  # Any: each converter has its own type
        """Return the rule of a request and the values of its variables, in a dict of the caller's own.

        `domain_part` is the host with host matching, else the subdomain; `path` is decoded and has a slash in front.

        Raises:
            NotFound: no rule takes this path.
            MethodNotAllowed: only for other methods, `valid_methods`.
            WebsocketMismatch: only on another kind of connection.
            RedirectNeeded: a URL is wanted, for which the caller asks `MapAdapter.match`.
        """
        if self._is_dirty:
            self.update()
        matcher = self._matcher
        # PERF: two dict lookups find a path without variables, however many rules there are.
        by_path = matcher.exact.get(domain_part)
        if by_path is not None and not websocket:
            here = by_path.get(path)
            if here is not None:
                target = here.http.get(method, here.http_any)
                if target is not None and not target.redirects:
                    return target.rule, (target.defaults.copy() if target.defaults else {})
        if path.startswith("//"):
            path = "/" + path.lstrip("/")
        found = matcher.descend(domain_part, path, method, websocket)
        if found is not None:
            target, texts = found
            if not target.redirects:
                try:
                    return target.rule, target.values(texts)
                except ValidationError:
                    # COMPAT: no other rule is tried.
                    raise NotFound from None
        try:
            target, values = matcher.match(domain_part, path, method, websocket, self.merge_slashes)
        except NoMatch as error:
            raise _refusal(error) from None
        if target.redirects:
            self._raise_redirect(target.rule, values, method)
        return target.rule, values

    def _raise_redirect(self, rule: Rule, values: dict[str, Any], method: str) -> None:  # Any: see match_path
        if self.redirect_defaults:
            if rule.alias:
                raise RequestAliasRedirect(values, rule.endpoint)
            for other in self._by_endpoint[rule.endpoint]:
                if other is rule:
                    break  # those behind it are of lower rank
                if not (other.provides_defaults_for(rule) and other.suitable_for(values, method)):
                    continue
                if other.build({**values, **(other.defaults or {})}) is not None:
                    raise RequestRuleRedirect(rule, values, other)
        if rule.redirect_to is not None:
            raise RequestRuleRedirect(rule, values)

    def shadowed_rules(self) -> list[tuple[Rule, Rule]]:
        """Return the rules that can never match, each with the rule before it that takes its requests."""
        shadows = Shadows()
        pairs = ((rule, shadows.add(rule)) for rule in self._added)
        return [(rule, earlier) for rule, earlier in pairs if earlier is not None]

    def is_endpoint_expecting(self, endpoint: Any, *arguments: str) -> bool:  # Any: an endpoint is any object
        """Return True if some rule of the endpoint has all these arguments.

        Raises:
            KeyError: no such endpoint.
        """
        wanted = set(arguments)
        return any(wanted <= rule.arguments for rule in self.iter_rules(endpoint))

    def iter_rules(self, endpoint: Any = None) -> Iterator[Rule]:  # Any: an endpoint is any object
        """Return the rules, or those of an endpoint, grouped by endpoint, in the order they are tried for building.

        Raises:
            KeyError: no such endpoint.
        """
        self.update()
        if endpoint is not None:
            return iter(self._by_endpoint[endpoint])
        return (rule for rules in self._by_endpoint.values() for rule in rules)

    @property
    def _rules(self) -> list[Rule]:
        # COMPAT: extensions read this and the next, as there is no public way to have them at once.
        return list(self.iter_rules())

    @property
    def _rules_by_endpoint(self) -> dict[Any, list[Rule]]:  # Any: an endpoint is any object
        self.update()
        return self._by_endpoint

    def rules_for(self, endpoint: Any) -> list[Rule]:  # Any: an endpoint is any object
        """Return the rules of an endpoint in build order, none if it is unknown. Not to be changed."""
        if self._is_dirty:
            self.update()
        return self._by_endpoint.get(endpoint, [])

    def bind(
        self,
        server_name: str,
        script_name: str | None = None,
        subdomain: str | None = None,
        url_scheme: str = "http",
        default_method: str = "GET",
        path_info: str | None = None,
        query_args: Mapping[str, Any] | str | None = None,  # Any: values of any type
    ) -> MapAdapter:
        """Return an adapter for a server: matches, builds and redirects with its name, scheme and root.

        `server_name` has no subdomain in it; `query_args` are kept on redirects.

        Raises:
            BadHost: `server_name` is no host name.
            RuntimeError: a subdomain with host matching.
        """
        if self.host_matching:
            if subdomain is not None:
                raise RuntimeError("A map that matches hosts has no subdomains to bind.")
        elif subdomain is None:
            subdomain = self.default_subdomain
        return MapAdapter(
            self,
            _ascii_host(server_name)
            if len(server_name) <= MAX_KEPT_CHARACTERS
            else _ascii_host.__wrapped__(server_name),
            "/" if script_name is None else script_name,
            subdomain,
            url_scheme,
            "/" if path_info is None else path_info,
            default_method,
            query_args,
        )

    def bind_to_environ(
        self,
        environ: Mapping[str, Any] | HasEnviron,  # Any: WSGI
        server_name: str | None = None,
        subdomain: str | None = None,
    ) -> MapAdapter:
        """Return an adapter for a request, given as a WSGI environ or as an object that has one.

        With `server_name` the subdomain is what the request's host has before it, unless it is given. A host that does not
        end with `server_name` gives a warning and a subdomain that nothing matches. Without it the host is all server name.
        If the map does not match subdomains, `server_name` is only what URLs are built with.

        Raises:
            BadHost: the server name is no host name.
        """
        env: Mapping[str, Any] = environ if isinstance(environ, Mapping) else environ.environ
        scheme = request_scheme(env)
        host = request_host(env)
        server_name = host if server_name is None else without_standard_port(server_name.lower(), scheme)
        if subdomain is None and self.subdomain_matching and not self.host_matching:
            subdomain = subdomain_of(host, server_name)
            if subdomain is None:
                # COMPAT: not an error, since a server may well be reached by its address.
                message = f"Current server name {host!r} doesn't match configured server name {server_name!r}"
                _warn(message, sys._getframe(1))
                subdomain = INVALID_SUBDOMAIN
        return self.bind(
            server_name,
            wsgi_text(env, "SCRIPT_NAME"),
            subdomain,
            scheme,
            env["REQUEST_METHOD"],
            wsgi_text(env, "PATH_INFO"),
            wsgi_text(env, "QUERY_STRING"),
        )

    def __repr__(self) -> str:
        from pprint import pformat

        return f"{type(self).__name__}({pformat(list(self.iter_rules()))})"


def _warn(message: str, caller: FrameType) -> None:
    """Warn about the line that calls; what the application's own files do passes for Flask's, for filters by module."""
    scope = caller.f_globals
    module = str(scope.get("__name__", "<unknown>"))
    warnings.warn_explicit(
        message,
        UserWarning,
        caller.f_code.co_filename,
        caller.f_lineno,
        "flask.app" if module.startswith("demijohn.app.") else module,
        scope.setdefault("__warningregistry__", {}),
    )


def _may_redirect(rule: Rule, with_defaults: list[Rule]) -> bool:
    if rule.alias or rule.redirect_to is not None:
        return True
    return any(other.provides_defaults_for(rule) for other in with_defaults)


def _refusal(error: NoMatch) -> Exception:
    if error.have_match_for:
        return MethodNotAllowed(valid_methods=sorted(error.have_match_for))
    if error.websocket_mismatch:
        return WebsocketMismatch()
    return NotFound()


@lru_cache(maxsize=256)  # PERF: an application has few names, and the codec is slow
def _ascii_host(server_name: str) -> str:
    # The port is no part of the name, and would count against the 63 octets of a label.
    name, colon, port = server_name.lower().partition(":")
    try:
        return f"{name.encode('idna').decode('ascii')}{colon}{port}"
    except UnicodeError as error:
        raise BadHost from error
