"""Settings of what operators are told: the ops endpoints, and the memory of metrics."""

from typing import Final

from ..ops.rules import Rules
from .kinds import DURATION, SIZE, TEXT, integer
from .plurals import list_of
from .setting import Setting, default_of

TITLE: Final = "Operation"

SETTINGS: Final = (
    Setting(
        "ops_bind",
        list_of(TEXT),
        (),
        "Where `/livez`, `/readyz` and `/metrics` are served, by a process of their own: addresses as for `bind`; the port is"
        " 9180 if none is said. Whoever can connect may read them. Empty: nowhere. With it, one worker has a supervisor, too.",
    ),
    Setting(
        "ready_workers",
        integer(1),
        default_of(Rules, "ready_workers"),
        "`/readyz` is 200 while at least so many workers can take requests at once. A worker that has not served yet, is"
        " told to stop, stands still, or has a request that is too old is none of them.",
    ),
    Setting(
        "ready_queue_age",
        DURATION,
        default_of(Rules, "queue_age"),
        "A worker in which a request has waited for a thread for longer is not ready.",
    ),
    Setting(
        "heartbeat_age",
        DURATION,
        default_of(Rules, "heartbeat_age"),
        "A worker that has not shown for so long that its interpreter runs is not ready; if the supervisor has not, `/livez` is"
        " 503. Each shows it once a second.",
    ),
    Setting(
        "metrics_bytes",
        SIZE,
        1 << 20,
        "Memory for the application's own metrics, for each worker; taken from the system as it is used. A series takes 50 to"
        " 300 bytes.",
    ),
)
