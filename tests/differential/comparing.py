"""Both sides run the same probes; what they return is equal, or the difference is in the table of deviations."""

from typing import Any

from differential.deviations import find_deviation
from differential.names import bind
from differential.original import Original
from differential.probing import run

SHOWN = 8


class Comparison:
    """Compares outcomes; raises `AssertionError` that shows the first differences."""

    def __init__(self, original: Original) -> None:
        self._original = original
        self._lib = bind(is_original=False)

    def __call__(self, probe: str, *arguments: Any) -> None:
        self.all(probe, [list(arguments)])

    def all(self, probe: str, cases: list[list[Any]]) -> None:
        """Compare a probe over many lists of arguments, in one call of the worker."""
        differences = [
            (arguments, theirs, ours)
            for arguments, theirs, ours in self.outcomes(probe, cases)
            if theirs != ours and find_deviation(probe, arguments, theirs, ours) is None
        ]
        if differences:
            shown = "\n".join(show(probe, *difference) for difference in differences[:SHOWN])
            raise AssertionError(f"{len(differences)} of {len(cases)} outcomes differ\n{shown}")

    def outcomes(self, probe: str, cases: list[list[Any]]) -> list[tuple[list[Any], Any, Any]]:
        """The arguments, the originals' outcome and ours, of each case."""
        theirs = self._original.run([(probe, arguments) for arguments in cases])
        ours = [run(self._lib, probe, arguments) for arguments in cases]
        return list(zip(cases, theirs, ours, strict=True))


def show(probe: str, arguments: list[Any], theirs: Any, ours: Any) -> str:
    """A difference for readers; of long outcomes only the parts that differ."""
    lines = [f"{probe}{tuple(arguments)!r:.1500}"]
    for path, left, right in _differing("", theirs, ours):
        lines += [f"    {path or 'outcome'}", f"      theirs {left!r:.600}", f"      ours   {right!r:.600}"]
    return "\n".join(lines)


def _differing(path: str, theirs: Any, ours: Any) -> list[tuple[str, Any, Any]]:
    if theirs == ours:
        return []
    if isinstance(theirs, dict) and isinstance(ours, dict) and theirs.keys() == ours.keys():
        return [found for key in theirs for found in _differing(f"{path}.{key}", theirs[key], ours[key])]
    if isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        pairs = enumerate(zip(theirs, ours, strict=True))
        return [found for index, (left, right) in pairs for found in _differing(f"{path}[{index}]", left, right)]
    return [(path, theirs, ours)]
