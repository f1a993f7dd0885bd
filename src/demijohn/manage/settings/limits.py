"""Settings of what is taken from clients: how much, and what of it."""

from typing import Final

from ...serve import ServerOptions
from ...wire.limits import H1Limits
from .kinds import FLAG, PATH, SIZE, choice, integer, or_none
from .setting import setting_of

TITLE: Final = "Limits"

SETTINGS: Final = (
    setting_of(H1Limits, "request_line", SIZE, "limit_request_line"),
    setting_of(H1Limits, "head_bytes", SIZE, "limit_head_bytes"),
    setting_of(H1Limits, "field_count", integer(0), "limit_field_count", aliases=("limit_request_fields",)),
    setting_of(H1Limits, "body_bytes", or_none(SIZE), "limit_body_bytes", aliases=("limit_request_body",)),
    setting_of(H1Limits, "leading_empty_lines", integer(0), "limit_leading_empty_lines"),
    setting_of(H1Limits, "chunk_line", SIZE, "limit_chunk_line"),
    setting_of(H1Limits, "extension_bytes_total", SIZE, "limit_chunk_extensions"),
    setting_of(H1Limits, "trailer_bytes", SIZE, "limit_trailer_bytes"),
    setting_of(H1Limits, "trailer_count", integer(0), "limit_trailer_count"),
    setting_of(H1Limits, "unread_bytes", SIZE, "limit_unread_bytes"),
    setting_of(H1Limits, "underscore_headers", choice("drop", "refuse", "keep")),
    setting_of(ServerOptions, "max_connections", integer(1), aliases=("worker_connections",)),
    setting_of(ServerOptions, "max_connections_per_client", or_none(integer(1))),
    setting_of(ServerOptions, "max_queued_requests", or_none(integer(1))),
    setting_of(ServerOptions, "max_requests_per_connection", or_none(integer(1))),
    setting_of(ServerOptions, "body_memory_bytes", SIZE),
    setting_of(ServerOptions, "body_dir", or_none(PATH)),
    setting_of(ServerOptions, "stream_bodies", FLAG),
)
