"""What is risky, or does nothing, about settings that are all right: warnings for the start and for `demijohn config --check`."""

from collections.abc import Iterator

from .load import Settings

_LOOPBACK = ("127.", "localhost", "::1", "[::1]", "unix:", "fd:")


def warnings_of(settings: Settings, *, is_debug: bool = False) -> list[str]:
    """Return sentences for whoever runs the server."""
    return [*settings.warnings, *_of_proxies(settings), *_of_clients(settings, is_debug=is_debug)]


def _of_proxies(settings: Settings) -> Iterator[str]:
    believes = settings["forwarded"] != "none" or settings["proxy_protocol"] != "off"
    if believes and "*" in settings["trusted_peers"]:
        yield (
            "trusted_peers is *: whoever connects may claim any address, host and scheme. List the proxies, unless nobody else"
            " can connect."
        )
    if settings.is_said("trusted_peers") and not believes:
        yield (
            f"trusted_peers ({settings.origin('trusted_peers').where}) has no effect: nothing is believed of proxies unless"
            " forwarded is x-forwarded or rfc7239, or proxy_protocol is on."
        )
    if settings["underscore_headers"] == "keep" and settings.is_said("underscore_headers"):
        yield "underscore_headers is keep: an application sees X_Name and X-Name as the same field, whoever sent it."


def _of_clients(settings: Settings, *, is_debug: bool) -> Iterator[str]:
    if settings["limit_body_bytes"] is None:
        yield "limit_body_bytes is none: a request may fill the disk, unless the application has a limit (MAX_CONTENT_LENGTH)."
    for name in ("min_receive_rate", "min_send_rate"):
        if settings[name] == 0:
            yield f"{name} is 0: a client may hold a connection for as long as it sends or takes a byte now and then."
    addresses = settings["bind"] or (settings["host"],)
    if is_debug and not all(address.startswith(_LOOPBACK) for address in addresses):
        yield "Debug mode on an address that others can reach: it shows them what is inside the application."
    if settings["certfile"] is None and settings.is_said("client_certs"):
        yield "There is no certfile: other settings of TLS have no effect."
