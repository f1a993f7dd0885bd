"""A finder of `flask.ext.name`, which is `flask_name`, or `flaskext.name`. Import locks make it safe in threads."""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Final

from demijohn._base.older import warn_older
from demijohn.dropin.finder import AliasLoader

_PREFIX: Final = "flask.ext."


class ExtensionFinder(MetaPathFinder):
    """Finds extensions by the name that was before theirs."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of an extension's module, `None` for whatever else."""
        if not fullname.startswith(_PREFIX):
            return None
        rest = fullname[len(_PREFIX) :]
        for name in (f"flask_{rest}", f"flaskext.{rest}"):
            try:
                found = find_spec(name)
            except ModuleNotFoundError:
                continue
            if found is not None:
                warn_older(f"'{fullname}' was removed in Flask 1.0. Import '{name}'.")
                return ModuleSpec(fullname, AliasLoader(name), is_package=found.submodule_search_locations is not None)
        return None


def serve_extensions() -> None:
    """Let this process import them."""
    if not any(isinstance(finder, ExtensionFinder) for finder in sys.meta_path):
        sys.meta_path.append(ExtensionFinder())
