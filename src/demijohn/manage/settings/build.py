"""From `Settings` to what the rooms below take: `ServerOptions`, `ListenOptions`, certificates, a number of processes.

What is `auto` is worked out here. Any thread; `ssl_context` reads files when they are used.
"""

import importlib.util
import logging
import os
import ssl
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ..._base.imports import import_string
from ...serve import ListenOptions, ServerOptions
from ...serve.certificates import CertificateFiles, TlsOptions
from ...wire.limits import H1Limits
from ..identity import owner_of_sockets
from ..ops.rules import Rules
from ..supervisor.patience import Patience, Supervision
from . import renewal
from .cpus import available_cpus, threads_for
from .load import Settings, is_auto
from .pyproject import SettingsError
from .setting import Setting
from .table import TABLE

if TYPE_CHECKING:
    from ..onchange import Watched

T = TypeVar("T")

_FOR_WORKERS: Final = ("workers", *(setting.name for setting in renewal.SETTINGS))
"""Whoever says one of these expects a supervisor."""


def worker_count(settings: Settings) -> int:
    """Return how many processes serve."""
    workers = settings["workers"]
    return available_cpus() if is_auto(workers) else int(workers)


def thread_count(settings: Settings) -> int:
    """Return how many threads each process has for requests."""
    threads = settings["threads"]
    return threads_for(worker_count(settings), available_cpus()) if is_auto(threads) else int(threads)


def server_options(settings: Settings) -> ServerOptions:
    """Return the settings of each process.

    Raises:
        SettingsError: some of them do not go together.
    """
    limits = _checked(settings, lambda some: H1Limits(**_fields_of(some, H1Limits)))
    return _checked(settings, lambda some: _server_options(some, limits))


def _server_options(settings: Settings, limits: H1Limits) -> ServerOptions:
    fields = _fields_of(settings, ServerOptions)
    threads = thread_count(settings)
    if is_auto(fields["runner"]):
        fields["runner"] = "late" if threads > 1 else "inline"
    fields |= {
        "limits": limits,
        "threads": threads,
        "access_log": has_access_log(settings),
        "is_multiprocess": worker_count(settings) > 1,
    }
    return ServerOptions(**fields)


def has_access_log(settings: Settings) -> bool:
    """Tell whether answers are logged."""
    wish = settings["access_log"]
    if not is_auto(wish):
        return bool(wish)
    # Its own level: the level that configure_logging gives to all loggers of ours is no wish for a line per request.
    is_set = logging.getLogger("demijohn.access").level in range(1, logging.INFO + 1)
    return is_set or settings["access_log_file"] is not None


def supervision(settings: Settings) -> Supervision:
    """Return how workers are made and looked after.

    Raises:
        SettingsError: some of them do not go together.
    """
    patience = _checked(settings, lambda some: Patience(**_fields_of(some, Patience)))
    found = Supervision(patience, settings["preload"], settings["warmup"], settings["metrics_bytes"])
    if not settings["reload_on_change"]:
        return found
    from ..watching.appfiles import AppFiles

    return replace(found, files=AppFiles)


def watched(settings: Settings) -> "Watched | None":
    """Return which files make a supervisor reload when they change; `None` if none do. Relative ones are of the directory now."""
    if not settings["reload_on_change"]:
        return None
    from ..onchange import Watched
    from ..watching.fileset import FileSet

    files = FileSet(extra_files=settings["extra_files"], exclude_patterns=settings["exclude_patterns"])
    return Watched(files, settings["reloader_interval"])


def is_supervised(settings: Settings, *, is_command: bool = False, is_notified: bool = False) -> bool:
    """Tell whether workers serve, looked after by a supervisor: see the setting `supervise`.

    Args:
        settings: how it is served.
        is_command: in production and by `demijohn run`, which can have the workers load the application.
        is_notified: a service manager wants to know how it goes.

    Raises:
        SettingsError: there is to be no supervisor, but what needs one.
    """
    wish = settings["supervise"]
    needs = [name for name in ("ops_bind", "reload_on_change") if settings[name]]
    if worker_count(settings) > 1:
        needs.insert(0, "workers")
    if wish is False and needs:
        raise SettingsError(
            f"{settings.origin(needs[0]).where}: {needs[0]} needs a supervisor, and supervise is no"
            f" ({settings.origin('supervise').where})."
        )
    if needs or not is_auto(wish):
        return bool(needs or wish)
    return is_command and (is_notified or any(settings.is_said(name) for name in _FOR_WORKERS))


def ops_rules(settings: Settings) -> Rules:
    """Return what counts as well.

    Raises:
        SettingsError: some of it cannot be.
    """
    return _checked(settings, lambda some: Rules(some["ready_workers"], some["ready_queue_age"], some["heartbeat_age"]))


def listen_options(settings: Settings) -> ListenOptions:
    """Return how sockets are made that listen.

    Raises:
        SettingsError: not possible on this system, or there is no such user.
    """
    options = _checked(settings, lambda some: ListenOptions(**_fields_of(some, ListenOptions)))
    owner, group = owner_of_sockets(settings["user"], settings["group"])
    return replace(
        options,
        unix_owner=owner if options.unix_owner is None else _number_or_name(options.unix_owner),
        unix_group=group if options.unix_group is None else _number_or_name(options.unix_group),
    )


def _number_or_name(text: str | int) -> str | int:
    return int(text) if isinstance(text, str) and text.isdecimal() else text


def ssl_context(settings: Settings) -> Any:  # Any: what `certificates_for` takes
    """Return what TLS is served with: `None`, `"adhoc"`, an `ssl.SSLContext`, or `TlsOptions`.

    Raises:
        SettingsError: settings of TLS do not go together.
    """
    certificate = settings["certfile"]
    further = [name for name in ("keyfile", "sni", "ca_certs") if settings[name]]
    if certificate is None:
        if further:
            raise SettingsError(f"{settings.origin(further[0]).where}: {further[0]} is of no use without certfile.")
        return None
    if certificate == "adhoc" and importlib.util.find_spec("cryptography") is None:
        raise SettingsError("Ad-hoc certificates require the cryptography library: pip install demijohn[tls]")
    found = certificate if certificate == "adhoc" else _named_context(certificate)
    if found is None and not os.path.isfile(certificate):
        raise SettingsError(f"{settings.origin('certfile').where}: File {certificate!r} does not exist.")
    if found is not None:
        if further:
            what = '"adhoc"' if found == "adhoc" else "an SSLContext object"
            raise SettingsError(f"{settings.origin(further[0]).where}: {further[0]} is not used if certfile is {what}.")
        return found
    return _checked(settings, lambda some: _tls_options(some, certificate))


def _tls_options(settings: Settings, certificate: str) -> TlsOptions:
    authorities = settings["ca_certs"]
    return TlsOptions(
        CertificateFiles(certificate, settings["keyfile"]),
        names={name: CertificateFiles(*files) for name, files in settings["sni"].items()},
        client_verify="none" if authorities is None else settings["client_certs"],
        client_ca=authorities,
        **_fields_of(settings, TlsOptions),
    )


def _named_context(name: str) -> ssl.SSLContext | None:
    """Return the context that an import name leads to."""
    if os.path.isfile(name) or "/" in name:
        return None
    found = import_string(name, silent=True)
    return found if isinstance(found, ssl.SSLContext) else None


def _fields_of(settings: Settings, owner: type) -> dict[str, Any]:  # Any: see Settings
    return {each.field: settings[each.name] for each in TABLE if each.owner is owner}


def _checked(settings: Settings, make: Callable[[Settings], T]) -> T:
    """Make something of settings; an error of theirs says where they are from."""
    try:
        return make(settings)
    except ValueError as error:
        guilty = [each for each in TABLE if settings.is_said(each.name) and _is_well_without(settings, each, make)]
        said = ", ".join(f"{each.name} is from {settings.origin(each.name).where}" for each in guilty)
        raise SettingsError(f"{error} ({said})." if said else f"{error}.") from None


def _is_well_without(settings: Settings, setting: Setting, make: Callable[[Settings], object]) -> bool:
    """Tell whether nothing is wrong once a setting has its default."""
    try:
        make(replace(settings, values={**settings.values, setting.name: setting.default}))
    except ValueError:
        return False
    return True
