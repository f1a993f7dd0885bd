"""URLs from one application to another: `name::endpoint` is in the application mounted as `name`, `::endpoint` in the one around.

Steps may be repeated: `::shop::cart` is the neighbour's. What comes last is an endpoint, or (with a slash in front) a path, which
is the only way into a mounted application that is no `Demijohn`. Called by `url_for`, in any thread.
"""

from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, urlencode

from .._base.record import record
from ..routing import BuildError
from .mounts import Mount, _without_port, chain_of

STEP: Final = "::"


@record
class Site:
    """An application and where it is, seen from where the URL is built. Any: application.py is above this file."""

    app: Any
    root: str
    """Ends without a slash."""
    host: str | None
    """`None` if nobody knows."""
    scheme: str
    mounts: tuple[Mount, ...] | None
    """What leads to it; `None` outside of a request."""


def split_endpoint(app: Any, request: Any, endpoint: str) -> tuple[Site, str]:
    """Follow the steps of an endpoint and return where they end, and what is left.

    Raises:
        LookupError: there is no such mount, or no application around.
    """
    site = _start(app, request)
    while STEP in endpoint:
        name, _, endpoint = endpoint.partition(STEP)
        site = _inwards(site, name) if name else _outwards(site)
    return site, endpoint


def build(
    app: Any,
    request: Any,
    endpoint: str,
    values: dict[str, Any],
    method: str | None,
    scheme: str | None,
    external: bool,
) -> str:
    """Return the URL that an endpoint with steps leads to; absolute if it is on another host, or if asked for.

    Raises:
        BuildError: there is no such application or endpoint.
        RuntimeError: the host is not known.
    """
    try:
        site, last = split_endpoint(app, request, endpoint)
    except LookupError:
        raise BuildError(endpoint, values, method) from None
    here = None if request is None else request.host
    external = external or site.host != here
    if external and site.host is None:
        raise RuntimeError(
            f"The host of {site.app!r} is not known here: set its 'SERVER_NAME', or build the URL in a request."
        )
    if scheme is not None:
        site = replace(site, scheme=scheme)
    if not hasattr(site.app, "url_map"):
        if last[:1] != "/":
            raise BuildError(endpoint, values, method)
    elif last[:1] != "/":
        adapter = site.app.url_map.bind(site.host or "localhost", script_name=site.root or "/", url_scheme=site.scheme)
        site.app.inject_url_defaults(last, values)
        url: str = adapter.build(last, values, method=method, force_external=external)
        return url
    query = urlencode({name: value for name, value in values.items() if value is not None}, doseq=True)
    path = f"{quote(site.root)}{quote(last, safe='/%:@!$&()*+,;=~')}{'?' if query else ''}{query}"
    return f"{site.scheme}://{site.host}{path}" if external else path


def _start(app: Any, request: Any) -> Site:
    if request is not None:
        return Site(app, request.root_path, request.host, request.scheme, chain_of(request))
    return _site_by_config(app)


def _site_by_config(app: Any) -> Site:
    config = app.config
    return Site(
        app, config["APPLICATION_ROOT"].rstrip("/"), config["SERVER_NAME"], config["PREFERRED_URL_SCHEME"], None
    )


def _inwards(site: Site, name: str) -> Site:
    table = getattr(site.app, "_mounts", None)
    mount = None if table is None else table.named(name)
    if mount is None:
        raise LookupError(name)
    host = site.host
    if mount.host is not None and mount.host not in {host, None if host is None else _without_port(host)}:
        # A development server's port is that of all its hosts.
        port = "" if host is None or _without_port(mount.host) != mount.host else host[len(_without_port(host)) :]
        host = mount.host + port
    mounts = None if site.mounts is None else (*site.mounts, mount)
    return Site(mount.application, site.root + mount.prefix, host, site.scheme, mounts)


def _outwards(site: Site) -> Site:
    if site.mounts is None:
        around = {id(mount.parent): mount for mount in getattr(site.app, "_mounted_as", ())}
        if len(around) != 1:
            raise LookupError
        return _site_by_config(next(iter(around.values())).parent)
    if not site.mounts:
        raise LookupError
    mount = site.mounts[-1]
    # Its host is only its own; who is around may have any.
    host = site.host if mount.host is None else mount.parent.config["SERVER_NAME"]
    return Site(mount.parent, site.root.removesuffix(mount.prefix), host, site.scheme, site.mounts[:-1])
