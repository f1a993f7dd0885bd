"""Objects by name: `"package.module:attribute"` and Werkzeug's dotted form."""

import sys
from importlib import import_module
from typing import Any


class ImportStringError(ImportError):
    """A name could not be imported; says which part of it exists and which does not."""

    def __init__(self, import_name: str, reason: str) -> None:
        super().__init__(f"Cannot import {import_name!r}: {reason}")
        self.import_name = import_name


def import_string(import_name: str, silent: bool = False) -> Any:  # Any: it may name anything
    """Import an object by `"package.module:attr"`, `"package.module.attr"` or a module by its name.

    With `silent`, a name that does not exist gives `None`; an error raised *inside* an existing module is raised all the same.

    Raises:
        ImportStringError: no such module or attribute.
    """
    import_name = import_name.replace(":", ".")
    try:
        return _import_dotted(import_name)
    except ImportStringError:
        if silent:
            return None
        raise


def _import_dotted(name: str) -> Any:  # Any: see import_string
    module_name, _, attribute = name.rpartition(".")
    if _module_exists(name):
        return sys.modules[name]
    if not module_name:
        raise ImportStringError(name, f"there is no module named {name!r} on sys.path")
    # `package.module.Class.method`: resolve the owner first.
    owner = sys.modules[module_name] if _module_exists(module_name) else _import_dotted(module_name)
    try:
        return getattr(owner, attribute)
    except AttributeError:
        raise ImportStringError(name, f"{module_name!r} has no attribute {attribute!r}") from None


def _module_exists(name: str) -> bool:
    """Import module `name`; False if exactly it, or a package on the way to it, does not exist."""
    try:
        import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(error.name + ".")):
            return False
        raise
    return True
