"""`Resources`: the folder a package or module lives in, and the files an application or blueprint has there.

The base of `Scaffold`. Knows no routes and no hooks. Read by any thread.
"""

import importlib.util
import os
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import cached_property, lru_cache
from typing import IO, Any

from ..message.siblings import Siblings
from .slot import NO_APP_CONTEXT, _cv_app
from .static import folder_policy, send_from_directory


def get_root_path(import_name: str) -> str:
    """Return the folder of a package or module; the working directory for one that has no file, such as a console's.

    Raises:
        RuntimeError: it is a namespace package, or comes from a loader without files: pass `root_path` then.
    """
    module = sys.modules.get(import_name)
    file = getattr(module, "__file__", None)
    if file is not None:
        return os.path.dirname(os.path.abspath(str(file)))
    try:
        spec = importlib.util.find_spec(import_name)
    except (ImportError, ValueError):
        spec = None
    loader = None if spec is None else spec.loader
    if loader is None and not hasattr(module, "__path__"):
        return os.getcwd()
    get_filename: Callable[[str], str] | None = getattr(loader, "get_filename", None)
    if get_filename is None:
        raise RuntimeError(
            f"The folder of {import_name!r} cannot be found: it is a namespace package, or was imported from something"
            " that is not a folder. Say where its files are with the `root_path` argument."
        )
    return os.path.dirname(os.path.abspath(get_filename(import_name)))


# PERF: of the few folders that there are; asked for with each static file.
_joined = lru_cache(maxsize=64)(os.path.join)


class Resources:
    """Root folder, static folder, template folder and opening files in them."""

    import_name: str
    """The package or module that this belongs to. Do not change it."""

    root_path: str
    """Absolute path of its folder. Resources are looked up there."""

    template_folder: str | os.PathLike[str] | None
    """Folder of the templates, relative to `root_path`."""

    def __init__(
        self,
        import_name: str,
        static_folder: str | os.PathLike[str] | None,
        static_url_path: str | None,
        template_folder: str | os.PathLike[str] | None,
        root_path: str | None,
    ) -> None:
        self.import_name = import_name
        self.template_folder = template_folder
        self.root_path = get_root_path(import_name) if root_path is None else root_path
        self._static_folder: str | None = None
        self._static_url_path: str | None = None
        self.static_folder = static_folder
        self.static_url_path = static_url_path

    @property
    def static_folder(self) -> str | None:
        """Absolute path of the static files; `None` if there are none."""
        return None if self._static_folder is None else _joined(self.root_path, self._static_folder)

    @static_folder.setter
    def static_folder(self, value: str | os.PathLike[str] | None) -> None:
        self._static_folder = None if value is None else os.fspath(value).rstrip("/\\")

    @property
    def has_static_folder(self) -> bool:
        """Whether a static folder is set (not whether it exists)."""
        return self._static_folder is not None

    @property
    def static_url_path(self) -> str | None:
        """URL prefix of the static files: as set, else the name of the folder."""
        if self._static_url_path is not None:
            return self._static_url_path
        if self.static_folder is not None:
            return f"/{os.path.basename(self.static_folder)}".rstrip("/")
        return None

    @static_url_path.setter
    def static_url_path(self, value: str | None) -> None:
        self._static_url_path = None if value is None else value.rstrip("/")

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """Return the seconds a client may keep a file without asking, `None` for "ask"; `SEND_FILE_MAX_AGE_DEFAULT`.

        Override it to decide by name.

        Raises:
            RuntimeError: there is no application context.
        """
        ctx = _cv_app.get(None)
        if ctx is None:
            raise RuntimeError(str(NO_APP_CONTEXT))
        value: int | timedelta | None = ctx.app.config["SEND_FILE_MAX_AGE_DEFAULT"]
        return int(value.total_seconds()) if isinstance(value, timedelta) else value

    def send_static_file(self, filename: str) -> Any:  # Any: the application's response class
        """Answer with a file of the static folder; the view of the endpoint `static`. Its settings: `static.folder_policy`.

        Raises:
            NotFound: there is none.
            Forbidden: it may not be read.
            RuntimeError: no static folder is set.
        """
        folder = self.static_folder
        if folder is None:
            raise RuntimeError("There is no folder to send static files from: set `static_folder` first.")
        # Asked here and not by send_file, which only knows the application: a blueprint may decide for its own files.
        max_age = self.get_send_file_max_age(filename)
        ctx = _cv_app.get(None)
        policy = folder_policy({} if ctx is None else ctx.app.config, self._siblings)
        return send_from_directory(folder, filename, max_age=max_age, policy=policy)

    @cached_property
    def _siblings(self) -> Siblings:
        """What is known of the static folder's packed files."""
        return Siblings()

    def open_resource(self, resource: str, mode: str = "rb", encoding: str | None = "utf-8") -> IO[Any]:
        """Open a file below `root_path` for reading: `"rb"`, `"r"` or `"rt"`.

        Raises:
            ValueError: another mode.
        """
        if mode not in {"r", "rt", "rb"}:
            raise ValueError(f"Resources can only be opened for reading: 'r', 'rt' or 'rb', and not {mode!r}.")
        return open(os.path.join(self.root_path, resource), mode, encoding=None if mode == "rb" else encoding)

    @cached_property
    def jinja_loader(self) -> Any:  # Any: jinja2's loader; jinja2 is imported when the first template is wanted
        """Loader of the templates in `template_folder`; `None` if there is no such folder set."""
        if self.template_folder is None:
            return None
        from .templating import folder_loader

        return folder_loader(os.path.join(self.root_path, self.template_folder))
