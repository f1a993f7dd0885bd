"""Settings of what is logged, how, and where it goes."""

from typing import Final

from ...serve import ServerOptions
from .kinds import FLAG, PATH, SIZE, TEXT, choice, or_auto, or_empty, or_none
from .plurals import TEXT_MAP, list_of, or_function
from .setting import Setting, setting_of

TITLE: Final = "Logs"

LEVELS: Final = ("debug", "info", "warning", "error", "critical")

SETTINGS: Final = (
    Setting(
        "access_log",
        or_auto(FLAG),
        "auto",
        "Write a line for each answer, and for each request that is refused. `auto`: if `access_log_file` says where to, in debug"
        " mode, or if the logger `demijohn.access` was set to INFO.",
        ServerOptions,
        "access_log",
    ),
    setting_of(ServerOptions, "access_log_file", or_none(PATH), aliases=("accesslog", "access_logfile")),
    setting_of(ServerOptions, "access_log_format", or_none(TEXT), aliases=("access_logformat",)),
    setting_of(ServerOptions, "access_log_fields", TEXT_MAP),
    setting_of(ServerOptions, "access_log_skip", or_function(list_of(PATH))),
    setting_of(
        ServerOptions,
        "error_log_file",
        or_none(PATH),
        aliases=("errorlog", "error_logfile"),
        text="Where what the server logs goes, beside the handlers of `logging`: a path, appended to. `-`: to standard error,"
        " with time and process. `none`: to standard error, as plain messages, unless the application has arranged its own"
        " logging.",
    ),
    setting_of(
        ServerOptions,
        "log_format",
        choice("text", "json"),
        text="How lines of the error log are written, in its file and on standard error; and, unless `access_log_format` is said,"
        " those of the access log.",
    ),
    Setting(
        "log_level",
        choice(*LEVELS),
        "info",
        "The level of the logger `demijohn`, below which nothing of the server is written. Unless it is said, a level that the"
        " application gave to it stays.",
        aliases=("loglevel",),
    ),
    setting_of(ServerOptions, "log_queue_bytes", SIZE),
    setting_of(ServerOptions, "request_id_header", or_empty(TEXT)),
    setting_of(ServerOptions, "trust_request_id", FLAG),
)
