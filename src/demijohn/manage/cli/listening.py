"""The options of `demijohn run` that say where to listen, and with which certificates.

Imported for `--help`, too: what only a server needs is imported when one is wanted.
"""

import importlib.util
import os
import ssl
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, TypeVar

import click

from ..._base.imports import import_string

F = TypeVar("F", bound=Callable[..., object])

_FILE: Final = click.Path(exists=True, dir_okay=False)

_PERMISSIONS: Final = range(0o1000)


def _read_cert(ctx: click.Context, option: click.Parameter, value: str | None) -> str | ssl.SSLContext | None:
    """Turn `--cert` into the word "adhoc", a path, or the context that an import name leads to."""
    if value == "adhoc" and importlib.util.find_spec("cryptography") is None:
        raise click.BadParameter(
            "Ad-hoc certificates require the cryptography library: pip install demijohn[tls]", ctx, option
        )
    if value is None or value == "adhoc" or os.path.isfile(value):
        return value
    context = import_string(value, silent=True) if value.isprintable() and "/" not in value else None
    if isinstance(context, ssl.SSLContext):
        return context
    raise click.BadParameter(f"File {value!r} does not exist.", ctx, option)


def _read_mode(ctx: click.Context, option: click.Parameter, value: str | None) -> int | None:
    if value is None:
        return None
    try:
        mode = int(value, 8)
    except ValueError:
        mode = -1
    if mode not in _PERMISSIONS:
        raise click.BadParameter(f"{value!r} is no mode such as 660.", ctx, option)
    return mode


_OPTIONS: Final = (
    click.option(
        "-b",
        "--bind",
        multiple=True,
        metavar="ADDRESS",
        help="Address to listen on instead of --host and --port: host:port, [IPv6]:port, :port, unix:/path, fd://3."
        " May be repeated.",
    ),
    click.option(
        "--cert",
        "--certfile",
        callback=_read_cert,
        metavar="FILE",
        help="Certificate chain for HTTPS (PEM); 'adhoc' makes one; or the import name of an ssl.SSLContext.",
    ),
    click.option("--key", "--keyfile", type=_FILE, help="Private key, if it is not in --cert."),
    click.option(
        "--sni",
        nargs=3,
        multiple=True,
        type=(str, _FILE, _FILE),
        metavar="NAME CERT KEY",
        help="Certificate and key for a host name, *.example.com for all below. May be repeated.",
    ),
    click.option("--ca-certs", type=_FILE, help="Authorities (PEM) that clients' certificates must lead to."),
    click.option(
        "--client-certs",
        type=click.Choice(["optional", "required"]),
        default="required",
        show_default=True,
        help="With --ca-certs: whether a client must have a certificate.",
    ),
    click.option(
        "--redirect-http",
        multiple=True,
        metavar="ADDRESS",
        help="Address where plain HTTP is answered with a redirect to HTTPS. May be repeated.",
    ),
    click.option(
        "--redirect-port", type=click.IntRange(1, 65535), help="Port that clients find HTTPS on, if it differs."
    ),
    click.option(
        "--backlog", type=click.IntRange(min=1), default=2048, show_default=True, help="Clients that may wait."
    ),
    click.option("--reuse-port", is_flag=True, help="Each process listens for itself (SO_REUSEPORT)."),
    click.option(
        "--unix-mode", callback=_read_mode, metavar="MODE", help="Permissions of Unix sockets; 600 if not said."
    ),
)


def listening_options(command: F) -> F:
    """Add the options; the command takes their values as keyword arguments and hands them to `listening_arguments`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def listening_arguments(
    ctx: click.Context,
    *,
    bind: tuple[str, ...],
    cert: str | ssl.SSLContext | None,
    key: str | None,
    sni: tuple[tuple[str, str, str], ...],
    ca_certs: str | None,
    client_certs: str,
    redirect_http: tuple[str, ...],
    redirect_port: int | None,
    backlog: int,
    reuse_port: bool,
    unix_mode: int | None,
) -> dict[str, Any]:  # Any: keyword arguments of several types
    """Return what `run_simple` is to be called with: what was asked for, and nothing else.

    Raises:
        click.UsageError: options that do not go together.
    """
    from ...serve import ListenOptions

    if bind and any(
        ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE for name in ("host", "port")
    ):
        raise click.UsageError("--bind says where to listen; --host and --port cannot be used with it.")
    listen = ListenOptions(backlog=backlog, reuse_port=reuse_port)
    if unix_mode is not None:
        listen = replace(listen, unix_mode=unix_mode)
    arguments = {
        "bind": bind,
        "listen": listen if listen != ListenOptions() else None,
        "redirect_http": redirect_http,
        "redirect_port": redirect_port,
        "ssl_context": _ssl_context(cert, key, sni, ca_certs, client_certs),
    }
    return {name: value for name, value in arguments.items() if value}


def _ssl_context(
    cert: str | ssl.SSLContext | None,
    key: str | None,
    sni: tuple[tuple[str, str, str], ...],
    ca_certs: str | None,
    client_certs: str,
) -> Any:  # Any: what run_simple takes as ssl_context
    from ...serve.certificates import CertificateFiles, TlsOptions

    further = {"--key": key, "--sni": sni, "--ca-certs": ca_certs}
    given = [name for name, value in further.items() if value]
    if cert is None:
        if given:
            raise click.BadParameter('"--cert" must also be specified.', param_hint=f"'{given[0]}'")
        return None
    if cert == "adhoc" or isinstance(cert, ssl.SSLContext):
        if given:
            what = '"adhoc"' if cert == "adhoc" else "an SSLContext object"
            raise click.BadParameter(f'When "--cert" is {what}, "{given[0]}" is not used.', param_hint=f"'{given[0]}'")
        return cert
    return TlsOptions(
        CertificateFiles(cert, key),
        names={name: CertificateFiles(certfile, keyfile) for name, certfile, keyfile in sni},
        client_verify="none" if ca_certs is None else "required" if client_certs == "required" else "optional",
        client_ca=ca_certs,
    )
