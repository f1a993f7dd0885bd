"""Settings of where to listen, and how."""

from typing import Final

from ...serve import ListenOptions
from .kinds import FLAG, MODE, TEXT, integer, or_none
from .plurals import list_of
from .setting import Setting, setting_of

TITLE: Final = "Listening"

_WHO: Final = or_none(TEXT)

SETTINGS: Final = (
    Setting(
        "bind",
        list_of(TEXT),
        (),
        "Addresses to listen on, instead of `host` and `port`: `127.0.0.1:8000`, `[::1]:8000`, `:8000` for all of this machine's,"
        " `localhost`, `unix:/run/app.sock`, `unix:@name`, `fd://3`.",
        options=("-b",),
    ),
    Setting(
        "host",
        TEXT,
        "127.0.0.1",
        "Address or name to listen on, on all its addresses if it has several; or `unix:///path`. Not used if systemd hands"
        " sockets over. If the port comes from `PORT`, as on hosted platforms, it is `0.0.0.0` unless something else is said or"
        " debug mode is on.",
        options=("-h",),
    ),
    Setting(
        "port",
        integer(0, 65535),
        5000,
        "Port to listen on, and of addresses in `bind` that say none; 0 lets the system choose.",
        options=("-p",),
        variables=("PORT",),
    ),
    setting_of(ListenOptions, "backlog", integer(1)),
    setting_of(ListenOptions, "reuse_port", FLAG),
    setting_of(ListenOptions, "dual_stack", or_none(FLAG)),
    setting_of(ListenOptions, "unix_mode", MODE),
    setting_of(
        ListenOptions,
        "unix_owner",
        _WHO,
        text="User, name or number, to whom a Unix socket is given; that takes privileges. `none`: `user`, if it is said and root"
        " starts the server.",
    ),
    setting_of(
        ListenOptions,
        "unix_group",
        _WHO,
        text="Group, name or number, to which a Unix socket is given. `none`: `group`, or the group of `user`, if it is said and"
        " root starts the server.",
    ),
)
