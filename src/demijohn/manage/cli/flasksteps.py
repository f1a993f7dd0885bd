"""The steps in which `flask.cli` finds an application, for programs that call one of them: names and errors are Flask's.

The commands of this package go by loading.py, which does it all at once. Runs on the main thread.
"""

import ast
import inspect
import os
import sys
import traceback
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from .discovery import NoAppException

_NAMES: Final = ("app", "application")
_FACTORIES: Final = ("create_app", "make_app")


def find_best_app(module: ModuleType) -> Any:  # Any: an application, here and below
    """Return the application of a module: by its usual names, the only one there is, or what a factory makes.

    Raises:
        NoAppException: there is none, or more than one.
    """
    from ...app.application import Demijohn

    for name in _NAMES:
        found = getattr(module, name, None)
        if isinstance(found, Demijohn):
            return found
    applications = [value for value in vars(module).values() if isinstance(value, Demijohn)]
    if len(applications) == 1:
        return applications[0]
    name = getattr(module, "__name__", repr(module))
    if applications:
        raise NoAppException(f"{name!r} has several applications. Say which one: '{name}:name'.")
    for factory_name in _FACTORIES:
        factory = getattr(module, factory_name, None)
        if not inspect.isfunction(factory):
            continue
        try:
            made = factory()
        except TypeError as error:
            if not _is_wrongly_called(factory):
                raise
            raise NoAppException(
                f"The factory {factory_name!r} of {name!r} needs arguments. Say them: '{name}:{factory_name}(args)'."
            ) from error
        if isinstance(made, Demijohn):
            return made
    raise NoAppException(f"{name!r} has no application or factory. Say which name it has: '{name}:name'.")


def find_app_by_string(module: ModuleType, app_name: str) -> Any:
    """Return the application that a name or a call with literals gives, in a module.

    Raises:
        NoAppException: it is neither, or gives no application.
    """
    from ...app.application import Demijohn

    try:
        node = ast.parse(app_name.strip(), mode="eval").body
    except SyntaxError:
        raise NoAppException(f"{app_name!r} is neither a name nor a call.") from None
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    is_call = isinstance(node, ast.Call)
    target = node
    if isinstance(node, ast.Call):
        target = node.func
        try:
            args = [ast.literal_eval(each) for each in node.args]
            kwargs = {each.arg: ast.literal_eval(each.value) for each in node.keywords if each.arg is not None}
        except ValueError:
            raise NoAppException(f"{app_name!r}: only literals may be arguments.") from None
    if not isinstance(target, ast.Name):
        raise NoAppException(f"{app_name!r} is neither a name nor a call.")
    try:
        found = getattr(module, target.id)
    except AttributeError:
        raise NoAppException(f"{module.__name__!r} has no attribute {target.id!r}.") from None
    if is_call or inspect.isfunction(found):
        try:
            found = found(*args, **kwargs)
        except TypeError as error:
            if not _is_wrongly_called(found):
                raise
            raise NoAppException(f"The factory {app_name!r} of {module.__name__!r} needs other arguments.") from error
    if isinstance(found, Demijohn):
        return found
    raise NoAppException(f"'{module.__name__}:{app_name}' is no application.")


def prepare_import(path: str | os.PathLike[str]) -> str:
    """Return the name a file is imported by; what it is imported from becomes the first of `sys.path`."""
    place, extension = os.path.splitext(os.path.realpath(path))
    if extension not in {"", ".py"}:
        place += extension
    if os.path.basename(place) == "__init__":
        place = os.path.dirname(place)
    names: list[str] = []
    while True:
        place, name = os.path.split(place)
        names.insert(0, name)
        if not os.path.exists(os.path.join(place, "__init__.py")):
            break
    if sys.path[:1] != [place]:
        sys.path.insert(0, place)
    return ".".join(names)


def locate_app(module_name: str, app_name: str | None, raise_if_not_found: bool = True) -> Any:
    """Import a module and return its application; `None` if there is no such module and that shall not be an error.

    Raises:
        NoAppException: there is no such module, it cannot be imported, or it has no such application.
    """
    try:
        import_module(module_name)
    except ImportError:
        if sys.exc_info()[2].tb_next is not None and _came_from_inside(module_name):  # type: ignore[union-attr]
            raise NoAppException(f"Importing {module_name!r} raised:\n\n{traceback.format_exc()}") from None
        if raise_if_not_found:
            raise NoAppException(f"There is no module {module_name!r}.") from None
        return None
    module = sys.modules[module_name]
    return find_best_app(module) if app_name is None else find_app_by_string(module, app_name)


def _came_from_inside(module_name: str) -> bool:
    """Tell whether the exception being handled was raised by code of the module, not by looking for it."""
    frames = traceback.walk_tb(sys.exc_info()[2])
    return any(frame.f_globals.get("__name__") == module_name for frame, _ in frames)


def _is_wrongly_called(function: Any) -> bool:
    """Tell whether the TypeError being handled is of the call itself, not raised in the function."""
    tb = sys.exc_info()[2]
    while tb is not None:
        if tb.tb_frame.f_code is function.__code__:
            return False
        tb = tb.tb_next
    return True
