"""`SharedDataMiddleware`: files of folders and packages in front of an application."""

import logging
import os
import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatch
from importlib.resources import files

from demijohn.http.errors import Forbidden, RequestedRangeNotSatisfiable
from demijohn.http.security import safe_join
from demijohn.message import error_response as _error_response  # noqa: F401 - gives the error its response
from demijohn.message.environ import Environ
from demijohn.message.filepolicy import HASHED_NAME, IMMUTABLE, FilePolicy, is_hidden
from demijohn.message.files import send_file
from demijohn.message.filesource import ABSENT, FileSource, make_file_etag
from demijohn.message.filetypes import DEFAULT_TYPE, guess_file_type
from demijohn.message.siblings import Siblings
from demijohn.message.wsgi import StartResponse, WSGIApplication, get_path_info

logger = logging.getLogger("demijohn.middleware")

Export = str | tuple[str, str]
Loader = Callable[[str | None], str | None]
"""From a path below an export (`None` for the export itself) to the file's real path; `None` if there is no such file."""


class SharedDataMiddleware:
    """Answers requests for exported files; all others go to the application.

    Conditional and range requests are answered, and on our own server files leave by `os.sendfile`. What is no file, is not
    below its export, or has a name that begins with a dot, goes to the application; links are followed.

    Args:
        app: the application.
        exports: by URL path: a file, a folder, or `(package, folder in it)`. Earlier ones win.
        disallow: patterns (`fnmatch`) of file names that are not served.
        cache: let clients keep files for `cache_timeout`, and send an ETag.
        cache_timeout: in seconds.
        fallback_mimetype: of files whose name says nothing.
        dotfiles: serve names that begin with a dot, too; below `.well-known` they always are.
        precompressed: send `app.js.br`, `.zst` or `.gz` for `app.js` to clients that take it. SECURITY: not for folders in which
            anybody but the author makes files.
        immutable: file names that contain this expression never change under their name: clients keep them for a year, and
            do not ask again. True means names such as `app.3f2a9c1b.js`.

    Raises:
        TypeError: an export is neither a path nor a pair.
    """

    def __init__(
        self,
        app: WSGIApplication,
        exports: Mapping[str, Export] | Iterable[tuple[str, Export]],
        disallow: str | Iterable[str] | None = None,
        cache: bool = True,
        cache_timeout: int = 60 * 60 * 12,
        fallback_mimetype: str = DEFAULT_TYPE,
        *,
        dotfiles: bool = False,
        precompressed: bool = False,
        immutable: bool | str = False,
    ) -> None:
        self.app = app
        self.cache = cache
        self.cache_timeout = cache_timeout
        self.fallback_mimetype = fallback_mimetype
        pattern = HASHED_NAME if immutable is True else re.compile(immutable) if immutable else None
        self.policy = FilePolicy(dotfiles=dotfiles, siblings=Siblings() if precompressed else None, immutable=pattern)
        self.disallow = [disallow] if isinstance(disallow, str) else list(disallow or ())
        pairs = exports.items() if isinstance(exports, Mapping) else exports
        self.exports: list[tuple[str, Loader]] = [(path, self._loader_for(target)) for path, target in pairs]

    def _loader_for(self, target: Export) -> Loader:
        if isinstance(target, tuple):
            return self.get_package_loader(*target)
        if not isinstance(target, str | os.PathLike):
            raise TypeError(f"{target!r} is neither a path nor (package, folder).")
        if os.path.isfile(target):
            return self.get_file_loader(target)
        if not os.path.isdir(target):
            # COMPAT: it may be a folder that the application makes later.
            logger.warning(
                "SharedDataMiddleware: %s does not exist; nothing is served of it until it is a folder.", target
            )
        return self.get_directory_loader(target)

    def is_allowed(self, filename: str) -> bool:
        """Whether a file of this name (without its folder) is served. May be overridden."""
        return not any(fnmatch(filename, pattern) for pattern in self.disallow)

    def get_file_loader(self, filename: str) -> Loader:
        """Return the loader of one file."""
        return lambda path: filename if path is None else None

    def get_directory_loader(self, directory: str) -> Loader:
        """Return the loader of the files below a folder; nothing outside of it is found."""

        def load(path: str | None) -> str | None:
            if path is not None and not self.policy.dotfiles and is_hidden(path):
                return None
            real = directory if path is None else safe_join(directory, path)
            return real if real is not None and os.path.isfile(real) else None

        return load

    def get_package_loader(self, package: str, package_path: str) -> Loader:
        """Return the loader of the files below a folder of a package, which must be installed as files."""
        return self.get_directory_loader(os.fspath(files(package).joinpath(package_path)))  # type: ignore[call-overload]

    def generate_etag(self, mtime: float, file_size: int, real_filename: str) -> str:
        """Return the ETag of a file, without quotes."""
        return make_file_etag(mtime, file_size, real_filename)

    def _find(self, path: str) -> str | None:
        for prefix, load in self.exports:
            found = load(None) if path == prefix else None
            if found is None:
                folder = prefix if prefix.endswith("/") else f"{prefix}/"
                if path.startswith(folder):
                    found = load(path[len(folder) :])
            if found is not None:
                return found
        return None

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as a WSGI application."""
        found = self._find(get_path_info(environ))
        if found is None or not self.is_allowed(os.path.basename(found)):
            return self.app(environ, start_response)
        try:
            response = send_file(
                found,
                environ,
                mimetype=guess_file_type(found)[0] or self.fallback_mimetype,
                etag=self._make_etag if self.cache else False,
                max_age=self.cache_timeout if self.cache else None,
                policy=self.policy,
            )
        except RequestedRangeNotSatisfiable as error:
            return error(environ, start_response)
        except PermissionError:
            return Forbidden()(environ, start_response)
        except OSError as error:
            if error.errno in ABSENT:
                # Removed in this very moment.
                return self.app(environ, start_response)
            raise
        # COMPAT: as Werkzeug's; a name for the file is in its URL.
        response.headers.pop("Content-Disposition", None)
        if not self.cache and response.headers["Cache-Control"] != IMMUTABLE:
            response.headers["Cache-Control"] = "public"
        return response(environ, start_response)

    def _make_etag(self, source: FileSource) -> str:
        return self.generate_etag(source.modified or 0, source.size or 0, source.path or "")
