"""`send_file`, `send_from_directory` and static folders: what the current application and request add to `message.files`.

Settings of static folders, keys of the config beside Flask's, are read here: see `folder_policy`.
"""

import os
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import IO, Any, Final

from .._base.older import warn_older
from ..message import files
from ..message.filepolicy import HASHED_NAME, FilePolicy
from ..message.siblings import Siblings
from .slot import NO_APP_CONTEXT, NO_REQUEST_CONTEXT, _cv_app

MaxAge = int | Callable[[str | None], int | None] | None


def folder_policy(config: Mapping[str, Any], siblings: Siblings) -> FilePolicy:  # Any: a setting may be anything
    """Return how the files of a static folder are served, by these keys of the config.

    * `STATIC_PRECOMPRESSED`, true by default: send `app.js.br`, `.zst` or `.gz` for `app.js` to clients that take it. `siblings`
      knows which there are.
    * `STATIC_IMMUTABLE`, false by default: true if names such as `app.3f2a9c1b.js` have a hash of the content in them, or a
      regular expression that names of such files contain. Clients keep those for a year without asking, whatever
      `SEND_FILE_MAX_AGE_DEFAULT` says. It is off because that cannot be taken back, and a name only looks like a hash.
    * `STATIC_DOTFILES`, false by default: serve names that begin with a dot. Below `.well-known` they are anyway.
    * `STATIC_NOSNIFF`, false by default: send `X-Content-Type-Options: nosniff`.

    Raises:
        ValueError: `STATIC_IMMUTABLE` is no regular expression.
    """
    get = config.get
    immutable = get("STATIC_IMMUTABLE", False)
    return _kept_policy(
        bool(get("STATIC_DOTFILES", False)),
        siblings if get("STATIC_PRECOMPRESSED", True) else None,
        _immutable_names(immutable) if immutable else None,
        bool(get("STATIC_NOSNIFF", False)),
    )


# PERF: an application has one for each folder, and is asked for it at each request.
_kept_policy = lru_cache(maxsize=64)(FilePolicy)


def _immutable_names(setting: object) -> re.Pattern[str]:
    if setting is True:
        return HASHED_NAME
    try:
        return re.compile(setting)  # type: ignore[call-overload, no-any-return]  # what else it may be is the question
    except (re.error, TypeError) as error:
        raise ValueError(
            f"STATIC_IMMUTABLE is {setting!r}, neither true, false nor a regular expression: {error}"
        ) from None


def _options(max_age: MaxAge) -> dict[str, Any]:
    ctx = _cv_app.get(None)
    if ctx is None:
        raise RuntimeError(str(NO_APP_CONTEXT))
    if not ctx.has_request:
        raise RuntimeError(str(NO_REQUEST_CONTEXT))
    app = ctx.app
    return {
        "environ": ctx.request,
        "max_age": app.get_send_file_max_age if max_age is None else max_age,
        "response_class": app.response_class,
        "use_x_sendfile": app.config["USE_X_SENDFILE"],
        "_root_path": app.root_path,
    }


def send_file(
    path_or_file: str | os.PathLike[str] | IO[bytes],
    mimetype: str | None = None,
    as_attachment: bool = False,
    download_name: str | None = None,
    conditional: bool = True,
    etag: bool | str = True,
    last_modified: datetime | float | None = None,
    max_age: MaxAge = None,
    *,
    policy: FilePolicy | None = None,
    **older: Any,  # Any: COMPAT: what parameters were called before Flask 2.2
) -> Any:  # Any: the application's response class
    """Answer with a file, by its path (relative to the application's folder) or an open binary one.

    SECURITY: never pass a path that a client chose; `send_from_directory` is for those.
    `max_age` is by default `app.get_send_file_max_age`. With `conditional`, ranges and `If-...` fields are honoured.
    A `demijohn.message.FilePolicy` adds packed siblings, names that never change, and `nosniff`.

    Raises:
        OSError: the path cannot be opened, or is no regular file.
        RuntimeError: there is no request context.
    """
    if older:
        given = _renamed(older, {"download_name": download_name, "etag": etag, "max_age": max_age})
        return send_file(
            path_or_file,
            mimetype,
            as_attachment,
            conditional=conditional,
            last_modified=last_modified,
            policy=policy,
            **given,
        )
    return files.send_file(
        path_or_file,
        mimetype=mimetype,
        as_attachment=as_attachment,
        download_name=download_name,
        conditional=conditional,
        etag=etag,
        last_modified=last_modified,
        policy=policy or FilePolicy(),
        **_options(max_age),
    )


_OLDER: Final = {"attachment_filename": "download_name", "cache_timeout": "max_age", "add_etags": "etag"}
_OLDER_OF_DIRECTORY: Final = frozenset({*_OLDER, "filename"})


def _renamed(older: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:  # Any: arguments
    """Return arguments by the names of their parameters today.

    Raises:
        TypeError: a parameter never had that name.
    """
    for name, value in older.items():
        if name not in _OLDER:
            raise TypeError(f"send_file() got an unexpected keyword argument {name!r}")
        warn_older(f"The parameter {name!r} of 'send_file' was renamed in Flask 2.2. Use {_OLDER[name]!r}.")
        given[_OLDER[name]] = value
    return given


def send_from_directory(directory: str | os.PathLike[str], path: str | os.PathLike[str] = "", **kwargs: Any) -> Any:
    """Answer with a file below `directory`; `path` may come from a client. Further arguments as for `send_file`.

    Names that begin with a dot are not found, but for those below `.well-known`, unless the `policy` is one with `dotfiles`.

    Raises:
        NotFound: there is no such file, or it is not below `directory`.
        Forbidden: the file may not be read.
        RuntimeError: there is no request context.
    """
    if not _OLDER_OF_DIRECTORY.isdisjoint(kwargs):
        if "filename" in kwargs:
            warn_older("The parameter 'filename' of 'send_from_directory' was renamed in Flask 2.2. Use 'path'.")
            path = kwargs.pop("filename")
        kwargs = _renamed({name: kwargs.pop(name) for name in _OLDER if name in kwargs}, kwargs)
    return files.send_from_directory(directory, path, **{**kwargs, **_options(kwargs.get("max_age"))})
