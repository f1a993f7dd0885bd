"""Objects by name: `"package.module:attribute"` and Werkzeug's dotted form; the modules in a package."""

import pkgutil
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any


class ImportStringError(ImportError):
    """A name could not be imported; `exception` says which part of it exists and which does not."""

    import_name: str
    exception: BaseException

    def __init__(self, import_name: str, exception: BaseException) -> None:
        super().__init__(import_name, exception)
        self.import_name = import_name
        self.exception = exception

    def __str__(self) -> str:
        return f"Cannot import {self.import_name!r}: {self.exception}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.import_name!r}, {self.exception!r})"


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


def find_modules(import_path: str, include_packages: bool = False, recursive: bool = False) -> Iterator[str]:
    """Yield the full names of the modules in a package, in alphabetical order; none of them is imported.

    Args:
        import_path: name of the package, which is imported.
        include_packages: also yield packages in it.
        recursive: also yield what those packages hold; they are imported.

    Raises:
        ImportStringError: there is no such package.
        ValueError: it is no package.
    """
    package = import_string(import_path)
    path = getattr(package, "__path__", None)
    if path is None:
        raise ValueError(f"{import_path!r} is not a package")
    for module in pkgutil.iter_modules(path, f"{package.__name__}."):
        if not module.ispkg:
            yield module.name
            continue
        if include_packages:
            yield module.name
        if recursive:
            yield from find_modules(module.name, include_packages, recursive)


def _import_dotted(name: str) -> Any:  # Any: see import_string
    module_name, _, attribute = name.rpartition(".")
    if _module_exists(name):
        return sys.modules[name]
    if not module_name:
        raise ImportStringError(name, ModuleNotFoundError(f"there is no module named {name!r} on sys.path", name=name))
    # `package.module.Class.method`: resolve the owner first.
    owner = sys.modules[module_name] if _module_exists(module_name) else _import_dotted(module_name)
    try:
        return getattr(owner, attribute)
    except AttributeError:
        missing = AttributeError(f"{module_name!r} has no attribute {attribute!r}", name=attribute, obj=owner)
        raise ImportStringError(name, missing) from None


def _module_exists(name: str) -> bool:
    """Import module `name`; False if exactly it, or a package on the way to it, does not exist."""
    try:
        import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(error.name + ".")):
            return False
        raise
    return True
