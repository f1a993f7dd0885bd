"""`check`: whether an application could be served as the settings say; no request is answered."""

from collections.abc import Iterator
from typing import Any

from ..app.mounts import MountHandler
from ..doors.choose import handler_for, why_wsgi
from ..doors.native import NativeHandler
from .identity import check_names
from .serving import check_logs
from .settings.build import (
    is_supervised,
    ops_rules,
    server_options,
    ssl_context,
    thread_count,
    worker_count,
)
from .settings.load import Settings
from .settings.risks import warnings_of
from .tls import certificates_for
from .trial import try_addresses


def check(application: Any, settings: Settings) -> Iterator[str]:
    """Give lines for a person: what was found, and warnings.

    Args:
        application: loaded; a `Demijohn` or a WSGI application.
        settings: how it would be served.

    Raises:
        SettingsError: settings do not go together.
        ValueError: an address is none.
        TypeError: it is no application, or a library is missing.
        BindError: it is not possible to listen there.
        OSError: a certificate or the file of a log cannot be used.
    """
    handler = handler_for(application)
    options = server_options(settings)
    is_supervised(settings)
    ops_rules(settings)
    check_names(settings["user"], settings["group"])
    check_logs(options)
    is_tls = certificates_for(ssl_context(settings)) is not None
    is_native = isinstance(handler, NativeHandler | MountHandler)
    name = getattr(application, "import_name", None) or type(application).__name__
    door = "served natively" if is_native else f"served through WSGI: {why_wsgi(application)}"
    yield f"Application: {name}, {door}."
    workers, threads = worker_count(settings), thread_count(settings)
    yield (
        f"Processes: {workers}; threads in each: {threads}; runner: {options.runner}; TLS: {'yes' if is_tls else 'no'};"
        f" access log: {'yes' if options.access_log else 'no'}."
    )
    yield try_addresses(settings)
    for warning in warnings_of(settings, is_debug=getattr(application, "debug", False) is True):
        yield f"Warning: {warning}"
    said = len(settings.origins)
    yield f"All settings are valid; {said} of them {'is' if said == 1 else 'are'} not the default."
