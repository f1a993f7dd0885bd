"""`FileSet`: which files belong to a program, whatever looks at them. Asks the file system only where a glob begins. Any thread.

Code is what the program was made of: the files of its modules and whatever else may become one, Python files below the project's
roots. Templates and static
files are read anew for each answer. Further files count as code.
"""

import enum
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from .exclusion import Exclusion
from .origin import PACKAGE_DIRECTORIES

PRUNED: Final = frozenset({"__pycache__", "node_modules", *PACKAGE_DIRECTORIES})
"""Directories that hold nothing which is written by hand; those with a dot in front are left out, too."""

_MAGIC: Final = re.compile(r"[*?[]")


class Kind(enum.Enum):
    """What a changed file asks for."""

    CODE = "code"
    """The program must start anew."""
    TEMPLATE = "template"
    """Whoever has a page on show might want to see it anew."""
    STATIC = "static"
    """Or a part of it."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Files below a directory."""

    base: str
    kind: Kind
    wanted: re.Pattern[str]
    """Matches the whole path of those that count."""
    is_deep: bool = True
    """Directories below count."""


@dataclass(frozen=True)
class FileSet:
    """What a program is made of. Plain data, all paths absolute; `widened` returns one with more."""

    roots: tuple[str, ...] = ()
    """Where the project's Python files are."""
    modules: frozenset[str] = frozenset()
    """Files of modules, wherever they are."""
    templates: tuple[str, ...] = ()
    """Directories of templates."""
    statics: tuple[str, ...] = ()
    """Directories of static files."""
    extra_files: tuple[str, ...] = ()
    """Files, whether they are there or not; directories; patterns of `glob`, with `**` for directories. Relative ones are of
    the working directory at this time."""
    exclude_patterns: tuple[str, ...] = ()
    """See `Exclusion`. They count for all but what is named as an extra file without a pattern."""
    exclusion: Exclusion = field(init=False, repr=False, compare=False)
    trees: tuple[Tree, ...] = field(init=False, repr=False, compare=False)
    """The more certain ones first."""
    singles: dict[str, Kind] = field(init=False, repr=False, compare=False)
    """Single files."""

    def __post_init__(self) -> None:
        exclusion = Exclusion(self.exclude_patterns)
        extra = [os.path.abspath(path) for path in self.extra_files]
        globs = [path for path in extra if _MAGIC.search(path) or os.path.isdir(path)]
        singles = {path: Kind.CODE for path in self.modules if not exclusion.excludes(path)}
        singles |= {path: Kind.CODE for path in extra if path not in globs}
        trees = [_tree_of(path) for path in globs]
        trees += [_python_tree(root) for root in self.roots]
        trees += [Tree(os.path.abspath(path), Kind.TEMPLATE, _PAGES) for path in self.templates]
        trees += [Tree(os.path.abspath(path), Kind.STATIC, _PAGES) for path in self.statics]
        for name, value in (("exclusion", exclusion), ("trees", tuple(trees)), ("singles", singles)):
            object.__setattr__(self, name, value)

    def widened(
        self,
        roots: Iterable[str] = (),
        modules: Iterable[str] = (),
        templates: Iterable[str] = (),
        statics: Iterable[str] = (),
    ) -> "FileSet":
        """Return one that has these as well; itself if it has them."""
        more = FileSet(
            tuple(dict.fromkeys([*self.roots, *roots])),
            self.modules | frozenset(modules),
            tuple(dict.fromkeys([*self.templates, *templates])),
            tuple(dict.fromkeys([*self.statics, *statics])),
            self.extra_files,
            self.exclude_patterns,
        )
        return self if more == self else more

    def kind_of(self, path: str, trees: Iterable[Tree]) -> Kind | None:
        """Return what a file is if these trees hold for its directory; `None` if it does not count."""
        kind = self.singles.get(path)
        if kind is not None:
            return kind
        for tree in trees:
            if tree.wanted.match(path):
                return None if self.exclusion.excludes(path) else tree.kind
        return None

    def trees_at(self, directory: str, above: Iterable[Tree] | None = None) -> tuple[Tree, ...]:
        """Return the trees that hold for a directory. `above`: those of the one that it is in, if they are known already."""
        if self.exclusion.cuts(directory):
            return ()
        if above is None:
            parent = os.path.dirname(directory)
            above = () if parent == directory else self.trees_at(parent)
        passed = {tree.base for tree in above if tree.is_deep}
        if passed and _is_pruned(directory):
            passed.clear()
        return tuple(tree for tree in self.trees if tree.base == directory or (tree.is_deep and tree.base in passed))


_PAGES: Final = re.compile(r"(?s).*(?<!\.py)(?<!\.pyc)(?<!~)(?<!\.swp)\Z")


def _python_tree(root: str) -> Tree:
    return Tree(root, Kind.CODE, re.compile(r"(?s).*\.py\Z"))


def _tree_of(path: str) -> Tree:
    """Return the tree of a directory, or of a pattern: from the last directory that it names, as deep as it goes."""
    if not _MAGIC.search(path):
        return Tree(path, Kind.CODE, re.compile(r"(?s).*\Z"))
    parts = path.split(os.sep)
    first = next(number for number, part in enumerate(parts) if _MAGIC.search(part))
    base = os.sep.join(parts[:first]) or os.sep
    rest = parts[first:]
    expression = "".join(
        r"(?:[^/]+/)*" if part == "**" and not is_last else _part(part) + ("" if is_last else "/")
        for part, is_last in ((part, number == len(rest) - 1) for number, part in enumerate(rest))
    )
    prefix = re.escape(base if base.endswith(os.sep) else base + os.sep)
    return Tree(base, Kind.CODE, re.compile(rf"(?s){prefix}{expression}\Z"), is_deep=len(rest) > 1 or "**" in rest)


def _part(part: str) -> str:
    """Translate one part of a `glob` pattern: no character of it stands for a slash."""
    if part == "**":
        return r".+"
    found = ""
    position = 0
    while position < len(part):
        character = part[position]
        position += 1
        end = part.find("]", position + 1) if character == "[" else -1
        if character == "*":
            found += "[^/]*"
        elif character == "?":
            found += "[^/]"
        elif end != -1:
            inner = part[position:end].replace("\\", r"\\")
            found += f"[^{inner[1:]}]" if inner.startswith("!") else f"[{inner}]"
            position = end + 1
        else:
            found += re.escape(character)
    return found


def _is_pruned(directory: str) -> bool:
    name = os.path.basename(directory)
    return name in PRUNED or name.startswith(".") or os.path.exists(os.path.join(directory, "pyvenv.cfg"))
