"""Settings of what is believed of proxies in front."""

from typing import Final

from ...serve import ServerOptions
from .kinds import TEXT, choice
from .plurals import list_of
from .setting import setting_of

TITLE: Final = "Behind proxies"

SETTINGS: Final = (
    setting_of(
        ServerOptions,
        "trusted_peers",
        list_of(TEXT),
        aliases=("forwarded_allow_ips", "proxy_allow_ips"),
        variables=("FORWARDED_ALLOW_IPS",),
    ),
    setting_of(ServerOptions, "forwarded", choice("none", "x-forwarded", "rfc7239")),
    setting_of(ServerOptions, "proxy_protocol", choice("off", "auto", "required")),
)
