"""Settings of how long clients and handlers may take."""

from typing import Final

from ...serve import ServerOptions
from .kinds import DURATION, SIZE, or_none
from .setting import setting_of

TITLE: Final = "Time limits"

SETTINGS: Final = (
    setting_of(ServerOptions, "keep_alive", DURATION, aliases=("keepalive",)),
    setting_of(ServerOptions, "head_timeout", DURATION),
    setting_of(ServerOptions, "body_timeout", DURATION),
    setting_of(ServerOptions, "min_receive_rate", SIZE),
    setting_of(ServerOptions, "write_timeout", DURATION),
    setting_of(ServerOptions, "min_send_rate", SIZE),
    setting_of(ServerOptions, "max_queue_age", DURATION),
    setting_of(ServerOptions, "request_timeout", or_none(DURATION)),
    setting_of(ServerOptions, "stuck_after", DURATION),
    setting_of(ServerOptions, "drain_delay", DURATION),
    setting_of(ServerOptions, "drain_idle_grace", DURATION),
    setting_of(ServerOptions, "drain_timeout", DURATION, aliases=("graceful_timeout",)),
    setting_of(ServerOptions, "linger_timeout", DURATION),
    setting_of(ServerOptions, "tls_handshake_timeout", DURATION),
)
