"""`check`: whether an application could be served as the settings say; nothing is bound and no request is answered."""

from collections.abc import Iterator
from typing import Any

from ..app.mounts import MountHandler
from ..doors.choose import handler_for, why_wsgi
from ..doors.native import NativeHandler
from .addresses import parse_address
from .identity import check_names
from .serving import check_logs
from .settings.build import (
    is_supervised,
    listen_options,
    ops_rules,
    server_options,
    ssl_context,
    thread_count,
    worker_count,
)
from .settings.load import Settings
from .settings.risks import warnings_of
from .tls import certificates_for


def check(application: Any, settings: Settings) -> Iterator[str]:
    """Give lines for a person: what was found, and warnings.

    Args:
        application: loaded; a `Demijohn` or a WSGI application.
        settings: how it would be served.

    Raises:
        SettingsError: settings do not go together.
        ValueError: an address is none.
        TypeError: it is no application, or a library is missing.
        OSError: a certificate or the file of a log cannot be used.
    """
    handler = handler_for(application)
    options = server_options(settings)
    is_supervised(settings)
    listen_options(settings)
    ops_rules(settings)
    check_names(settings["user"], settings["group"])
    check_logs(options)
    for address in (*settings["bind"], *settings["redirect_http"], *settings["ops_bind"]):
        parse_address(address, settings["port"])
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
    for warning in warnings_of(settings, is_debug=getattr(application, "debug", False) is True):
        yield f"Warning: {warning}"
    said = len(settings.origins)
    yield f"All settings are valid; {said} of them {'is' if said == 1 else 'are'} not the default."
