"""`import flask` and `import werkzeug` served by this package: a finder on `sys.meta_path`, its loader, and the module type.

Each file below `demijohn/compat/` is executed once, under its public name (`flask.app`). Its other name
(`demijohn.compat.flask.app`) is an entry of `sys.modules` with the same object. Import locks make all of this safe in threads.
"""

import ast
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.metadata import Distribution, DistributionFinder, PathDistribution
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from .._base.older import warn_older
from .._base.served import serve_flask
from .imported import IMPORTED
from .older import OLDER, Older

PUBLIC: Final = ("flask", "werkzeug")
"""The packages that are served."""

ALIAS: Final = "demijohn.compat."
"""What stands before a public name in the other one."""

COMPAT: Final = Path(__file__).parents[1] / "compat"
"""The files that are executed under public names."""

OLDER_PLACE: Final = COMPAT / "older" / "modules"
"""The same for modules that were removed before 3.1, which `pkgutil` does not list."""

SITE: Final = Path(__file__).parent / "site"
"""What lies in site-packages where the drop-in is installed, and on PYTHONPATH of children where it is not: two packages that
hand over to this finder, and their metadata."""


class CompatModule(ModuleType):
    """A module of other modules' names.

    What is set on it, by a test that replaces `werkzeug.serving.run_simple`, is also set where the name comes from, if that is
    what is still there: our own code reads it in its home.
    """

    def __setattr__(self, name: str, value: object) -> None:
        missing = object()
        before = self.__dict__.get(name, missing)
        super().__setattr__(name, value)
        if name.startswith("__") or before is missing or before is value:
            return
        home = _homes(self).get(name)
        if home is None:
            return
        module = sys.modules.get(home[0])
        if module is not None and getattr(module, home[1], missing) is before:
            setattr(module, home[1], value)

    def __getattr__(self, name: str) -> Any:  # Any: whatever a module has
        # The originals import more of their own modules than anybody needs; here they come when they are asked for.
        path = self.__dict__.get("__path__")
        if path and not name.startswith("__") and file_of(f"{self.__name__}.{name}") is not None:
            return import_module(f"{self.__name__}.{name}")
        imported = IMPORTED.get(self.__name__, {}).get(name)
        if imported is not None:
            return import_module(imported)
        older = OLDER.get(self.__name__, {}).get(name)
        if older is not None:
            value = _resolve(older)
            warn_older(f"{name!r} of {self.__name__!r} was removed in {older.gone}. Use {older.instead}.")
            return value
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


class CompatLoader(SourceFileLoader):
    """Loads a file of `compat/`; the module is a `CompatModule`, and has its second name before it is executed."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make the module."""
        return CompatModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Run the file."""
        alias = ALIAS + module.__name__
        sys.modules[alias] = module
        try:
            super().exec_module(module)
        except BaseException:
            sys.modules.pop(alias, None)
            raise
        parent, _, child = alias.rpartition(".")
        if parent in sys.modules:
            # As the import system does for the public name.
            vars(sys.modules[parent])[child] = module


class AliasLoader(Loader):
    """Loads the module of a public name for the other name; importing must leave `__spec__` as it is."""

    def __init__(self, public: str) -> None:
        self._public = public
        self._spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Import the module by its public name."""
        module = import_module(self._public)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Put back what the import system has just replaced; the module has been executed."""
        module.__spec__ = self._spec


class CompatFinder(MetaPathFinder):
    """Finds public names and their aliases, and tells `importlib.metadata` of both distributions."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module that is served, `None` for every other."""
        if fullname.startswith(ALIAS):
            public = fullname[len(ALIAS) :]
            file = file_of(public)
            if file is None:
                return None
            return ModuleSpec(fullname, AliasLoader(public), origin=str(file), is_package=file.name == "__init__.py")
        file = file_of(fullname)
        if file is None:
            return None
        places = [str(file.parent)] if file.name == "__init__.py" else None
        return spec_from_file_location(
            fullname, file, loader=CompatLoader(fullname, str(file)), submodule_search_locations=places
        )

    @staticmethod
    def find_distributions(context: DistributionFinder.Context | None = None) -> Iterable[Distribution]:
        """Yield the distributions `flask` and `werkzeug`; what is installed under these names is not asked."""
        if context is None:
            return _distributions(None)
        # Who looks in certain places only does not mean this one.
        return iter(()) if "path" in vars(context) else _distributions(context.name)


def _distributions(name: str | None) -> Iterator[Distribution]:
    for folder in sorted(SITE.glob("*.dist-info")):
        if name is None or folder.name.partition("-")[0] == name.lower():
            yield PathDistribution(folder)


def file_of(public: str) -> Path | None:
    """Return the file of `compat/` that is executed as `public`."""
    parts = public.split(".")
    if parts[0] not in PUBLIC:
        return None
    for folder in (COMPAT, OLDER_PLACE):
        base = os.path.join(folder, *parts)
        for file in (f"{base}.py", os.path.join(base, "__init__.py")):
            if os.path.isfile(file):
                return Path(file)
    return None


def _resolve(older: Older) -> Any:  # Any: whatever the name stands for
    module, _, path = older.home.partition(":")
    again = OLDER.get(module, {}).get(path)
    if again is not None:
        return _resolve(again)
    value: Any = import_module(module)
    for name in path.split("."):
        value = getattr(value, name)
    return value


def _homes(module: ModuleType) -> dict[str, tuple[str, str]]:
    """Return the modules of ours that a file of `compat/` has its names from, and what they are called there."""
    homes: dict[str, tuple[str, str]] | None = module.__dict__.get("__homes__")
    if homes is None:
        homes = {}
        for node in ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("demijohn"):
                homes |= {alias.asname or alias.name: (node.module, alias.name) for alias in node.names}
        module.__dict__["__homes__"] = homes
    return homes


class RealFlaskLoadedError(ImportError):
    """Flask or Werkzeug were imported before the drop-in was turned on."""


FINDER: Final = CompatFinder()


def is_served(name: str) -> bool:
    """Tell whether a public package is, or would be, ours in this process."""
    module = sys.modules.get(name)
    return isinstance(module, CompatModule) if module is not None else FINDER in sys.meta_path


def serve_names() -> None:
    """Let this process import `flask` and `werkzeug` from here. Again, it does nothing.

    Raises:
        RealFlaskLoadedError: one of them is loaded, and is the real one; the message says who has it.
    """
    for name in PUBLIC:
        module = sys.modules.get(name)
        if module is not None and not isinstance(module, CompatModule) and not _is_handing_over(module):
            raise RealFlaskLoadedError(_who_loaded(name, module), name=name)
    if FINDER not in sys.meta_path:
        sys.meta_path.insert(0, FINDER)
        serve_flask()


def hand_over(name: str) -> None:
    """Put the served package in the place of an installed one of that name, which calls this while it is being imported."""
    sys.modules.pop(name, None)
    serve_names()
    import_module(name)


def _is_handing_over(module: ModuleType) -> bool:
    return bool(module.__dict__.get("__hands_over__", False))


def _who_loaded(name: str, module: ModuleType) -> str:
    holders = sorted(
        other
        for other, each in list(sys.modules.items())
        if other.partition(".")[0] not in {*PUBLIC, "demijohn"} and _has_names_of(each, name)
    )
    by = f" It was imported by {', '.join(holders[:5])}." if holders else ""
    return (
        f"The real {name} is loaded already, from {getattr(module, '__file__', None) or 'an unknown place'}.{by}"
        " Turn the drop-in on before anything imports it: `import demijohn.dropin; demijohn.dropin.install()` as first lines,"
        " `python -m demijohn.dropin SCRIPT`, or `demijohn drop-in install` for the whole environment."
    )


def _has_names_of(module: ModuleType, package: str) -> bool:
    # Modules may compute their attributes; only what is there counts.
    for value in list(getattr(module, "__dict__", {}).values()):
        owner = value.__name__ if isinstance(value, ModuleType) else getattr(type(value), "__module__", "")
        if isinstance(value, type):
            owner = value.__module__
        if isinstance(owner, str) and owner.partition(".")[0] == package:
            return True
    return False
