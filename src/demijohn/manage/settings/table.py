"""The table of all settings, by topic and by name; and what users of other servers look for. Plain data."""

from types import ModuleType
from typing import Final

from ...serve import ListenOptions, ServerOptions
from ...serve.certificates import TlsOptions
from ...wire.limits import H1Limits
from ..supervisor.patience import Patience
from . import development, limits, listening, logs, ops, proxies, renewal, timeouts, tls, workers
from .setting import Setting

TOPICS: Final[tuple[ModuleType, ...]] = (
    listening,
    workers,
    renewal,
    ops,
    logs,
    proxies,
    tls,
    timeouts,
    limits,
    development,
)
"""In the order in which help and documentation have them."""

TABLE: Final[tuple[Setting, ...]] = tuple(setting for topic in TOPICS for setting in topic.SETTINGS)

BY_NAME: Final = {name: setting for setting in TABLE for name in setting.names}

INTERNAL: Final = {
    ServerOptions: frozenset({"limits", "is_multiprocess", "on_answered"}),
    H1Limits: frozenset[str](),
    ListenOptions: frozenset[str](),
    Patience: frozenset({"graceful_timeout", "quick_timeout", "first_delay", "longest_delay", "boot_attempts"}),
    TlsOptions: frozenset({"certificate", "names", "client_verify", "client_ca"}),
}
"""Fields that are no settings: they follow from others."""

KEPT: Final = frozenset(
    {
        *(setting.name for setting in (*listening.SETTINGS, *ops.SETTINGS)),
        *(
            "redirect_http",
            "redirect_port",
            "chdir",
            "umask",
            "user",
            "group",
            "pidfile",
            "control_socket",
            "supervise",
        ),
        *("reload_on_change", "extra_files", "exclude_patterns"),
        *("reloader_interval", "reloader_type", "reloader_drain", "reload"),
        *("debugger", "debugger_console", "debugger_hosts", "browser_refresh"),
    }
)
"""Settings of the process that was started first: a reload does not change them."""

ELSEWHERE: Final = {
    "worker_class": "`runner` says how requests are run; any `threads` and `workers` go together",
    "timeout": "`request_timeout` is how long a handler may run; a worker that is busy is not killed, one that is hung is after"
    " `worker_timeout`",
    "limit_request_field_size": "`limit_head_bytes` is for all fields of a request together",
    "secure_scheme_headers": "`forwarded` says which fields are believed, from `trusted_peers`",
    "forwarder_headers": "`forwarded` says which fields are believed, from `trusted_peers`",
    "worker_tmp_dir": "workers need no files; `body_dir` is where large bodies are kept",
    "daemon": "a service manager runs it in the background: systemd, a container",
    "wsgi_app": "`app` says which application",
    "ssl_version": "`tls_minimum_version` says which versions of TLS are spoken",
    "cert_reqs": "`client_certs` says whether clients need certificates, which lead to `ca_certs`",
    "post_fork": "app.on_worker_start() registers what each worker does before its first request",
    "post_worker_init": "app.on_worker_start() registers what each worker does before its first request",
    "worker_exit": "app.on_worker_stop() registers what each worker does after its last request",
    "on_starting": "app.on_startup() registers what is done before the workers are made",
    "when_ready": "app.on_startup() registers what is done before the workers are made",
    "on_exit": "app.on_shutdown() registers what is done when all workers have stopped",
}
"""Names of gunicorn's that mean nothing here, and what does it instead."""


def find(name: str) -> Setting | None:
    """Return the setting of a name, with hyphens or underscores."""
    return BY_NAME.get(name.replace("-", "_"))


def explain_unknown(name: str, others: tuple[str, ...] = ()) -> str:
    """Say, as the end of a message, what may have been meant by a name that is no setting's; empty if nobody knows."""
    key = name.replace("-", "_")
    if key in ELSEWHERE:
        return f" {ELSEWHERE[key].replace('`', '')}."
    import difflib

    close = difflib.get_close_matches(key, [*BY_NAME, *others], n=1, cutoff=0.7)
    return f" Did you mean {close[0]}?" if close else ""
