"""`send_file` and `send_from_directory` with what the current application and request add to `message.files`."""

import os
from collections.abc import Callable
from datetime import datetime
from typing import IO, Any

from ..message import files
from .slot import NO_APP_CONTEXT, NO_REQUEST_CONTEXT, _cv_app

MaxAge = int | Callable[[str | None], int | None] | None


def _options(max_age: MaxAge) -> dict[str, Any]:
    ctx = _cv_app.get(None)
    if ctx is None:
        raise RuntimeError(str(NO_APP_CONTEXT))
    if not ctx.has_request:
        raise RuntimeError(str(NO_REQUEST_CONTEXT))
    app = ctx.app
    return {
        "environ": ctx.request.environ,
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
) -> Any:  # Any: the application's response class
    """Answer with a file, by its path (relative to the application's folder) or an open binary one.

    SECURITY: never pass a path that a client chose; `send_from_directory` is for those.
    `max_age` is by default `app.get_send_file_max_age`. With `conditional`, ranges and `If-...` fields are honoured.

    Raises:
        RuntimeError: there is no request context.
    """
    return files.send_file(
        path_or_file,
        mimetype=mimetype,
        as_attachment=as_attachment,
        download_name=download_name,
        conditional=conditional,
        etag=etag,
        last_modified=last_modified,
        **_options(max_age),
    )


def send_from_directory(directory: str | os.PathLike[str], path: str | os.PathLike[str], **kwargs: Any) -> Any:
    """Answer with a file below `directory`; `path` may come from a client. Further arguments as for `send_file`.

    Raises:
        NotFound: there is no such file, or it is not below `directory`.
        RuntimeError: there is no request context.
    """
    return files.send_from_directory(directory, path, **{**kwargs, **_options(kwargs.get("max_age"))})
