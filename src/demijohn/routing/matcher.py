"""From a request's domain, path and method to a rule: a dict of exact paths, and a trie over path segments.

A `Matcher` is built of all rules at once and never changed, so any number of threads may read it; a changed map makes a new one.
It knows no redirects other than those for slashes.

How a path is looked for: `exact[domain][path]` if no variable is involved, which is also what the trie would find first.
Else depth first: at each node the child for the literal segment, then the edges with variables by weight. An edge with
a variable that may run across slashes takes all that is left.
"""

import re
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, Final

from .converters import BaseConverter, NumberConverter, ValidationError
from .outcomes import NoMatch, RequestPath
from .pattern import Part, Weight
from .rule import Rule
from .segments import Cut

_SLASHES: Final = re.compile("/{2,}")

_WHOLE: Final[dict[str, Callable[[str], bool]]] = {
    "(?P<v0>[^/]{1,})": bool,
    "(?P<v0>[^/]+)": bool,
    r"(?P<v0>\d+)": str.isdecimal,
}
"""What does the work of a regex for a whole segment, which has no slash in it."""


_PATH: Final = "(?P<v0>[^/].*?)"
_GREEDY_PATH: Final = re.compile("(?P<v0>[^/].*)")

Convert = Callable[[str], Any]  # Any: each converter has its own type


class Target:
    """A rule as matching needs it."""

    __slots__ = ("converting", "defaults", "names", "redirects", "rule")

    def __init__(self, rule: Rule, redirects: bool) -> None:
        self.rule = rule
        self.redirects = redirects  # a match may end in a redirect: the table has to look
        self.defaults = dict(rule.defaults) if rule.defaults else None
        self.names = tuple(rule._converters)
        # Those whose value is not the text: name, what converts, and whether that is a bare `int` or `float`.
        self.converting: list[tuple[str, Convert, bool]] = []
        for name, converter in rule._converters.items():
            convert, is_plain = _converting(converter)
            if convert is not None:
                self.converting.append((name, convert, is_plain))

    def values(self, texts: tuple[str, ...]) -> dict[str, Any]:  # Any: see Convert
        """Return the values of matched texts, and the defaults.

        Raises:
            ValidationError: a text has no value.
        """
        # PERF: `strict` costs a third of this line, and an edge has as many groups as its rule has variables.
        result: dict[str, Any] = dict(zip(self.names, texts))  # noqa: B905
        for name, convert, is_plain in self.converting:
            try:
                result[name] = convert(result[name])
            except ValueError as error:
                if is_plain:
                    # SECURITY: too many digits for int().
                    raise ValidationError from error
                raise
        if self.defaults:
            result.update(self.defaults)
        return result


def _converting(converter: BaseConverter) -> tuple[Convert | None, bool]:
    """Return what converts, None if the text is the value; and whether it is a bare `int` or `float`."""
    # PERF: the two most used kinds need no Python call.
    if "to_python" not in vars(converter):
        method = type(converter).to_python
        if method is BaseConverter.to_python:
            return None, False
        if method is NumberConverter.to_python and isinstance(converter, NumberConverter):
            has_limits = converter.fixed_digits or converter.min is not None or converter.max is not None
            if not has_limits and converter.num_convert in {int, float}:
                return converter.num_convert, True
    return converter.to_python, False


class Candidates:
    """The rules that end at one node, in the order they were added; by method for a direct look."""

    __slots__ = ("http", "http_any", "rules", "websocket", "websocket_any")

    def __init__(self, targets: Iterable[Target]) -> None:
        self.rules = [target.rule for target in targets]
        self.http, self.http_any = _by_method([target for target in targets if not target.rule.websocket])
        self.websocket, self.websocket_any = _by_method([target for target in targets if target.rule.websocket])

    def explain(self, method: str, websocket: bool, methods: set[str]) -> bool:
        """Add the methods that would have been taken; return True if only the kind of connection is wrong."""
        is_mismatch = False
        for rule in self.rules:
            if rule.methods is not None and method not in rule.methods:
                methods |= rule.methods
            elif rule.websocket != websocket:
                is_mismatch = True
        return is_mismatch


def _by_method(targets: list[Target]) -> tuple[dict[str, Target], Target | None]:
    """Return the first target for each method that is named, and the first for any other."""
    any_method = next((target for target in targets if target.rule.methods is None), None)
    named = {method for target in targets for method in target.rule.methods or ()}
    first = {method: next(t for t in targets if t.rule.methods is None or method in t.rule.methods) for method in named}
    return first, any_method


class Node:
    """A place in the trie: what has been read of the path so far."""

    __slots__ = ("edges", "has_more", "here", "index", "loose", "static", "targets")

    def __init__(self) -> None:
        self.static: dict[str, Node] = {}
        self.edges: list[Edge] = []  # by weight, once `finish` has run
        self.index: dict[Part, Edge] = {}
        self.targets: list[Target] = []
        self.here: Candidates | None = None  # the rules that end here
        self.loose: Candidates | None = None  # those of them that put up with one more slash
        self.has_more = False  # is there anything to try if the static child leads nowhere?

    def step(self, segments: list[str], at: int, first: int) -> "Step | None":
        """Return the first edge from `first` on that takes segment `at`, its texts, where it leads, and the edge after."""
        segment = segments[at]
        edges = self.edges
        for index in range(first, len(edges)):
            edge = edges[index]
            if edge.takes is not None:
                if edge.takes(segment):
                    return edge, (segment,), at + 1, index + 1
                continue
            match = edge.match("/".join(segments[at:]) if edge.is_final else segment)
            if match is None:
                continue
            texts: tuple[str, ...] = match.groups() if edge.is_plain else edge.texts(match)
            after = at + 1
            if edge.is_final:
                # The slash that a suffixed edge found is walked on its own, so that its absence is noticed.
                after = len(segments) - (1 if edge.is_suffixed and match.groups()[-1] == "/" else 0)
            return edge, texts, after, index + 1
        return None

    def finish(self) -> None:
        """Sort and index; called once all rules are in."""
        self.edges.sort(key=attrgetter("weight"))
        if self.targets:
            self.here = Candidates(self.targets)
        loose = [target for target in self.targets if not target.rule.strict_slashes]
        if loose:
            self.loose = Candidates(loose)
        self.has_more = bool(self.edges or loose)


class Edge:
    """A part with variables in it, and the node behind."""

    __slots__ = ("groups", "is_final", "is_plain", "is_suffixed", "match", "node", "takes", "weight")

    def __init__(self, part: Part, regex: re.Pattern[str], *, is_domain: bool) -> None:
        self.node = Node()
        self.weight: Weight = part.weight
        self.is_final = part.is_final
        self.is_suffixed = part.is_suffixed
        # PERF: a bare <name> or <int:name> needs no regex. A domain is a segment with slashes in it, if a client says so.
        self.takes = None if is_domain else _WHOLE.get(part.content)
        self.match: Callable[[str], re.Match[str] | Cut | None] = regex.fullmatch
        if part.content == _PATH:
            # PERF: when nothing follows, taking all at once is the same as one more character at a time.
            self.match = _GREEDY_PATH.fullmatch
        elif part.chain is not None:
            self.match = part.chain.match
        self.groups = tuple(regex.groupindex[f"v{index}"] for index in range(-part.weight[2]))
        self.is_plain = regex.groups == len(self.groups)  # every group is a variable

    def texts(self, match: re.Match[str] | Cut) -> tuple[str, ...]:
        """Return the texts of the variables, when the regex has other groups too."""
        groups = match.groups()
        return tuple(groups[group - 1] for group in self.groups)


Step = tuple[Edge, tuple[str, ...], int, int]
Found = tuple[Target | None, tuple[str, ...], tuple[Candidates, ...]]


class Matcher:
    """All rules of a map, frozen."""

    __slots__ = ("exact", "root", "starts")

    def __init__(self, targets: Iterable[Target]) -> None:
        self.root = Node()
        self.exact: dict[str, dict[str, Candidates]] = {}
        literal: list[tuple[str, str, Node]] = []
        for target in targets:
            node = self._add(target)
            parts = target.rule._parts
            path = "/".join([part.content for part in parts[1:]])
            # Two slashes in front are read as one, so such a rule is found by nobody.
            if target.rule._domain_parts == 1 and all(part.is_static for part in parts) and not path.startswith("//"):
                literal.append((parts[0].content, path, node))
        waiting = [self.root]
        while waiting:
            node = waiting.pop()
            node.finish()
            waiting += node.static.values()
            waiting += [edge.node for edge in node.edges]
        # The node behind the slash in front, for each domain without variables: `descend` begins there.
        self.starts = {domain: node.static[""] for domain, node in self.root.static.items() if "" in node.static}
        for domain, path, node in literal:
            if node.here is not None:
                self.exact.setdefault(domain, {})[path] = node.here

    def _add(self, target: Target) -> Node:
        node = self.root
        for at, part in enumerate(target.rule._parts):
            if part.regex is None:
                child = node.static.get(part.content)
                if child is None:
                    child = node.static[part.content] = Node()
                node = child
                continue
            edge = node.index.get(part)
            if edge is None:
                edge = node.index[part] = Edge(part, part.regex, is_domain=at < target.rule._domain_parts)
                node.edges.append(edge)
            node = edge.node
        node.targets.append(target)
        return node

    def match(
        self, domain: str, path: str, method: str, websocket: bool, merge_slashes: bool
    ) -> tuple[Target, dict[str, Any]]:  # Any: see Convert
        """Return the rule for a request and the values of its variables. `path` has exactly one slash in front.

        Raises:
            NoMatch: there is none.
            RequestPath: there is one for almost this path.
        """
        target, texts, missed = self._walk([domain, *path.split("/")], path, method, websocket)
        if target is not None:
            try:
                return target, target.values(texts)
            except ValidationError:
                # COMPAT: the search ends here, no other rule is tried.
                raise _no_match(missed, method, websocket) from None
        if merge_slashes and "//" in path:
            merged = _SLASHES.sub("/", path)
            target, _, also_missed = self._walk([domain, *merged.split("/")], merged, method, websocket)
            if target is not None and target.rule.merge_slashes:
                raise RequestPath(merged)
            missed += also_missed
        raise _no_match(missed, method, websocket)

    def descend(self, domain: str, path: str, method: str, websocket: bool) -> tuple[Target, tuple[str, ...]] | None:
        """Return the target and the texts that the first way down leads to, without ever turning back.

        None says nothing, `match` knows. PERF: finds nearly every rule in less than half of the time of `match`.
        """
        node = self.starts.get(domain)
        if node is None or path[:1] != "/":
            return None
        texts: tuple[str, ...] = ()
        rest = iter(path[1:].split("/"))
        for segment in rest:
            child = node.static.get(segment)
            if child is not None:
                node = child
                continue
            for edge in node.edges:
                if edge.takes is not None:
                    if edge.takes(segment):
                        texts += (segment,)
                        break
                    continue
                if edge.is_final:
                    # The rest is used up, so a way past this edge is for `match` to find.
                    match = None if edge.is_suffixed else edge.match("/".join([segment, *rest]))
                    if match is None:
                        return None
                else:
                    match = edge.match(segment)
                    if match is None:
                        continue
                texts += match.groups() if edge.is_plain else edge.texts(match)
                break
            else:
                return None
            node = edge.node
        here = node.here
        if here is None:
            return None
        target = here.websocket.get(method, here.websocket_any) if websocket else here.http.get(method, here.http_any)
        return None if target is None else (target, texts)

    def _walk(self, segments: list[str], path: str, method: str, websocket: bool) -> Found:
        """Return the target, the texts of its variables, and the rules met on the way that take other requests only."""
        end = len(segments)
        node, at, edge_at = self.root, 0, -1  # edge_at < 0: the literal child has not been tried
        texts: tuple[str, ...] = ()
        missed: tuple[Candidates, ...] = ()
        # SECURITY: a loop with its own stack, so that a path of many segments cannot exhaust Python's.
        untried: list[tuple[Node, int, tuple[str, ...], int]] = []
        while True:
            ending = None
            if at == end:
                ending = node.here
            else:
                segment = segments[at]
                if edge_at < 0:
                    child = node.static.get(segment)
                    if child is not None:
                        if node.has_more:
                            untried.append((node, at, texts, 0))
                        node, at = child, at + 1
                        continue
                    edge_at = 0
                step = node.step(segments, at, edge_at) if node.edges else None
                if step is not None:
                    edge, found, after, edge_at = step
                    if node.loose is not None or edge_at < len(node.edges):
                        untried.append((node, at, texts, edge_at))
                    node, at, texts, edge_at = edge.node, after, texts + found, -1
                    continue
                if segment == "" and at == end - 1:
                    ending = node.loose
            if ending is not None:
                target = (
                    ending.websocket.get(method, ending.websocket_any)
                    if websocket
                    else ending.http.get(method, ending.http_any)
                )
                if target is not None:
                    return target, texts, missed
                missed += (ending,)
            if at == end and "" in node.static:
                target = _behind_slash(node.static[""], path, method, websocket)
                if target is not None:
                    return target, texts, missed
            if not untried:
                return None, texts, missed
            node, at, texts, edge_at = untried.pop()


def _behind_slash(node: Node, path: str, method: str, websocket: bool) -> Target | None:
    """Return the rule that takes the path with one more slash, if it puts up with its absence.

    Raises:
        RequestPath: it does not.
    """
    here = node.here
    if here is None:
        return None
    target = here.websocket.get(method, here.websocket_any) if websocket else here.http.get(method, here.http_any)
    if target is not None and target.rule.strict_slashes:
        raise RequestPath(f"{path}/")
    return target


def _no_match(missed: tuple[Candidates, ...], method: str, websocket: bool) -> NoMatch:
    methods: set[str] = set()
    is_mismatch = False
    for candidates in missed:
        if candidates.explain(method, websocket, methods):
            is_mismatch = True
    return NoMatch(methods, is_mismatch)
