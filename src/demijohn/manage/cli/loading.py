"""From what a user types to an application: `module:attr`, `module:factory()`, a file, a directory to search, or nothing.

Two steps, so that each error is the right one: `locate` reads the words and looks at the file system, `load` imports.
No printing and no exit codes here; main.py turns the errors into both. Runs once, on the main thread.
"""

import ast
import inspect
import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from ..._base.record import record

APP_ENV_NAMES: Final = ("DEMIJOHN_APP", "FLASK_APP")
DEFAULT_FILES: Final = ("app.py", "wsgi.py")
ATTRIBUTE_NAMES: Final = ("app", "application")
FACTORY_NAMES: Final = ("create_app", "make_app")

WSGIApplication = Callable[
    ..., Any
]  # Any: what a foreign application's start_response and chunks are is its own business


class ApplicationNotFoundError(Exception):
    """The words do not lead to an application. The message says what was tried and what there is."""


class ApplicationImportError(Exception):
    """The module is there, but importing it, or calling the factory, raised. The cause is `__cause__`."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} raised an error")


@record
class Location:
    """Where an application is said to be."""

    directory: str
    """What has to be on `sys.path`."""
    module: str
    """Dotted name of the module below it."""
    expression: str | None = None
    """`attr`, `a.b` or `factory(1, x=2)`; `None` to search the module."""
    origin: str = ""
    """The words it came from, for messages."""


def locate(words: str | None, directory: str, environ: Mapping[str, str]) -> Location:
    """Turn what the user typed, the environment, or the files in `directory` into a location. Imports nothing.

    Raises:
        ApplicationNotFoundError: there is nothing to go by, or a file that was named does not exist.
    """
    if words is None:
        words = next((environ[name] for name in APP_ENV_NAMES if environ.get(name)), None)
    if words is None:
        words = next((name for name in DEFAULT_FILES if os.path.isfile(os.path.join(directory, name))), None)
    if words is None:
        raise ApplicationNotFoundError(_nothing_to_go_by(directory))
    target, _, rest = words.partition(":")
    expression = rest.strip() or None
    path = os.path.join(directory, target)
    if target.endswith(".py") or os.sep in target or (os.path.isdir(path) and not os.path.isfile(f"{path}.py")):
        return _locate_file(words, os.path.abspath(path), expression)
    if not target or not all(part.isidentifier() for part in target.split(".")):
        raise ApplicationNotFoundError(
            f"{words!r} names no application: write module:attribute, module:factory() or path/to/file.py."
        )
    return Location(directory=directory, module=target, expression=expression, origin=words)


def load(location: Location) -> WSGIApplication:
    """Import the module and return its application.

    Raises:
        ApplicationNotFoundError: no such module or attribute, or nothing in it is an application.
        ApplicationImportError: the application's own code raised.
    """
    if location.directory not in sys.path:
        sys.path.insert(0, location.directory)
    module = _import(location)
    if location.expression is None:
        return _search(module, location)
    return _evaluate(module, location.expression, location)


def _locate_file(words: str, path: str, expression: str | None) -> Location:
    if os.path.isdir(path):
        inside = next(
            (name for name in ("__init__.py", *DEFAULT_FILES) if os.path.isfile(os.path.join(path, name))), None
        )
        if inside is None:
            raise ApplicationNotFoundError(f"{words!r} is a directory without {_listing(DEFAULT_FILES, 'or')}.")
        path = os.path.join(path, inside)
    if not os.path.isfile(path):
        raise ApplicationNotFoundError(_no_such_file(path))
    stem = os.path.splitext(os.path.basename(path))[0]
    names = [] if stem == "__init__" else [stem]
    directory = os.path.dirname(path)
    # A file inside packages is imported by its full name, or its relative imports would fail.
    while os.path.isfile(os.path.join(directory, "__init__.py")):
        directory, package = os.path.split(directory)
        names.insert(0, package)
    return Location(directory=directory, module=".".join(names), expression=expression, origin=words)


def _import(location: Location) -> ModuleType:
    try:
        return import_module(location.module)
    except ModuleNotFoundError as error:
        name = location.module
        if error.name is not None and (name == error.name or name.startswith(error.name + ".")):
            raise ApplicationNotFoundError(_no_such_module(location, error.name)) from None
        raise ApplicationImportError(f"Importing {location.module!r}") from error
    except SystemExit as error:
        raise ApplicationImportError(f"Importing {location.module!r}") from error
    except Exception as error:
        raise ApplicationImportError(f"Importing {location.module!r}") from error


def _search(module: ModuleType, location: Location) -> WSGIApplication:
    """Find the application as Flask's users expect: by its usual names, by its type, by a factory's usual names."""
    for name in ATTRIBUTE_NAMES:
        found = getattr(module, name, None)
        if callable(found):
            return _as_application(found, name, location)
    applications = {name: value for name, value in vars(module).items() if _is_application(value)}
    different = {id(value): name for name, value in applications.items()}
    if len(different) > 1:
        names = sorted(different.values())
        raise ApplicationNotFoundError(
            f"{location.module!r} has several applications: {_listing(names, 'and')}."
            f" Say which: '{location.origin}:{names[0]}'."
        )
    for value in applications.values():
        return _as_application(value, "", location)
    for name in FACTORY_NAMES:
        if callable(getattr(module, name, None)):
            return _evaluate(module, f"{name}()", location)
    raise ApplicationNotFoundError(
        f"{location.module!r} has no application: no {_listing(ATTRIBUTE_NAMES, 'or')}, no Demijohn object, no factory"
        f" {_listing(FACTORY_NAMES, 'or')}.{_what_it_has(module)}"
    )


def _evaluate(module: ModuleType, expression: str, location: Location) -> WSGIApplication:
    """Resolve `a.b` or `a.b(literals)`; a factory named without brackets is called."""
    try:
        tree = ast.parse(expression, mode="eval").body
    except SyntaxError:
        raise ApplicationNotFoundError(_bad_expression(expression)) from None
    if not isinstance(tree, ast.Call):
        found = _attribute(module, tree, expression)
        if _is_factory(found):
            return _evaluate(module, f"{expression}()", location)
        return _as_application(found, expression, location)
    factory = _attribute(module, tree.func, expression)
    try:
        args = [ast.literal_eval(arg) for arg in tree.args]
        kwargs = {keyword.arg: ast.literal_eval(keyword.value) for keyword in tree.keywords if keyword.arg is not None}
    except ValueError:
        raise ApplicationNotFoundError(
            f"In {expression!r}, only literals may be arguments: strings, numbers, ..."
        ) from None
    try:
        application = factory(*args, **kwargs)
    except Exception as error:
        raise ApplicationImportError(f"Calling {expression} of {location.module!r}") from error
    return _as_application(application, expression, location)


def _attribute(module: ModuleType, node: ast.expr, expression: str) -> Any:  # Any: it may name anything
    """Resolve a name or a dotted name in a module."""
    if isinstance(node, ast.Name):
        name, owner = node.id, module
    elif isinstance(node, ast.Attribute):
        name, owner = node.attr, _attribute(module, node.value, expression)
    else:
        raise ApplicationNotFoundError(_bad_expression(expression))
    try:
        return getattr(owner, name)
    except AttributeError:
        if owner is not module:
            raise ApplicationNotFoundError(f"{ast.unparse(node)!r} does not exist in {module.__name__!r}.") from None
        raise ApplicationNotFoundError(
            f"{module.__name__!r} has no attribute {name!r}.{_what_it_has(module, name)}"
        ) from None


def _as_application(found: Any, what: str, location: Location) -> WSGIApplication:  # Any: checked right here
    if not callable(found):
        raise ApplicationNotFoundError(
            f"{what!r} of {location.module!r} is no WSGI application: it is a {type(found).__name__}, which cannot be called."
        )
    application: WSGIApplication = found
    return application


def _is_factory(found: object) -> bool:
    """Tell a function that makes an application from one that is one: it needs no arguments, or cannot take two."""
    if not inspect.isfunction(found):
        return False
    signature = inspect.signature(found)
    if not _can_bind(signature):
        return False
    return found.__name__ in FACTORY_NAMES or not _can_bind(signature, "environ", "start_response")


def _can_bind(signature: inspect.Signature, *args: object) -> bool:
    try:
        signature.bind(*args)
    except TypeError:
        return False
    return True


def _is_application(value: object) -> bool:
    # A module that holds a Demijohn object has imported the class; asking sys.modules spares the CLI that import.
    module = sys.modules.get("demijohn.app.application")
    return module is not None and isinstance(value, module.Demijohn)


def _bad_expression(expression: str) -> str:
    return f"{expression!r} is neither an attribute's name nor a call such as create_app() or create_app('production')."


def _nothing_to_go_by(directory: str) -> str:
    return (
        f"Which application? Tried the environment variables {_listing(APP_ENV_NAMES, 'and')} and the files"
        f" {_listing(DEFAULT_FILES, 'and')} in {directory}.{_python_files(directory)}"
        " Write it as module:attribute, module:factory() or path/to/file.py."
    )


def _no_such_file(path: str) -> str:
    directory, name = os.path.split(path)
    while not os.path.isdir(directory):
        directory, name = os.path.split(directory)
    return f"There is no {name!r} in {directory}.{_python_files(directory, name)}"


def _no_such_module(location: Location, missing: str) -> str:
    message = f"There is no module {missing!r}. Tried {location.directory} and the rest of sys.path."
    if "." in missing:
        return message
    return message + _python_files(location.directory, missing)


def _python_files(directory: str, like: str = "") -> str:
    """Say which Python files a directory has, the one that was probably meant first."""
    try:
        names = sorted(name for name in os.listdir(directory) if name.endswith(".py") and not name.startswith("_"))
    except OSError:
        return ""
    if not names:
        return " It has no Python files."
    import difflib

    close = difflib.get_close_matches(like, [*names, *(name[:-3] for name in names)], n=1)
    guess = f" Did you mean {close[0]!r}?" if close else ""
    return f" It has {_listing(names, 'and')}.{guess}"


def _what_it_has(module: ModuleType, like: str = "") -> str:
    """Say which callables of its own a module has, the one that was probably meant first."""
    own = {name: value for name, value in vars(module).items() if callable(value) and not name.startswith("_")}
    names = sorted(
        name
        for name, value in own.items()
        if _is_application(value) or getattr(value, "__module__", module.__name__) == module.__name__
    )
    import difflib

    close = difflib.get_close_matches(like, names, n=1)
    guess = f" Did you mean {close[0]!r}?" if close else ""
    return f" It has {_listing(names, 'and')}.{guess}" if names else " It has no callables of its own."


def _listing(names: tuple[str, ...] | list[str], word: str, most: int = 8) -> str:
    """Render names as a phrase: `a.py, b.py and c.py`."""
    shown = [*names[:most], f"{len(names) - most} more"] if len(names) > most else list(names)
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} {word} {shown[-1]}"
