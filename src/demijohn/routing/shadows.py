"""Rules that can never match, because rules that were added before them take all their requests.

Only rules with the same parts are compared: whether `<int:a>` leaves anything to `<b>` is a matter of weights, not of doubles.
"""

from .pattern import Part
from .rule import Rule


class Shadows:
    """The rules so far, by their parts."""

    __slots__ = ("_by_parts",)

    def __init__(self) -> None:
        self._by_parts: dict[tuple[Part, ...], list[Rule]] = {}

    def add(self, rule: Rule) -> Rule | None:
        """Note a bound rule; return the earlier one that leaves it nothing, if any."""
        if rule.build_only:
            return None
        same = self._by_parts.setdefault(tuple(rule._parts), [])
        earlier = _covering(same, rule)
        if earlier is None:
            same.append(rule)
        return earlier


def _covering(earlier_rules: list[Rule], rule: Rule) -> Rule | None:
    left = None if rule.methods is None else set(rule.methods)
    for earlier in earlier_rules:
        # A rule that puts up with one slash more than the strict one before it gets those requests.
        if earlier.websocket != rule.websocket or (earlier.strict_slashes and not rule.strict_slashes):
            continue
        if earlier.methods is None:
            return earlier
        if left is not None:
            left -= earlier.methods
            if not left:
                return earlier
    return None
