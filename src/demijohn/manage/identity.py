"""Where and as whom a process serves: directory, umask, user and group, the file with its id. At the start; main thread."""

import contextlib
import grp
import logging
import os
import pwd
from collections.abc import Iterator

from .settings.load import Settings
from .settings.pyproject import SettingsError


def _started_in() -> str:
    """Return the working directory as the shell called it: a link, which a deployment may move on, is kept as one."""
    directory, name = os.getcwd(), os.environ.get("PWD", "")
    with contextlib.suppress(OSError):
        if os.path.isabs(name) and os.path.samefile(name, directory):
            return name
    return directory


STARTED_IN = _started_in()
"""Where this process was started, whatever `chdir` says."""

logger = logging.getLogger("demijohn.manage")


def enter(settings: Settings) -> None:
    """Go to the directory and set the umask of the settings.

    Raises:
        SettingsError: there is no such directory.
    """
    if settings["chdir"] is not None:
        try:
            os.chdir(settings["chdir"])
        except OSError as error:
            where = settings.origin("chdir").where
            raise SettingsError(f"{where}: chdir is {settings['chdir']!r}: {error.strerror}.") from None
    if settings["umask"] is not None:
        os.umask(settings["umask"])


def check_names(user: str | None, group: str | None) -> None:
    """See to it that `become` would find them.

    Raises:
        SettingsError: there is no such user or group.
    """
    if user is not None:
        _user(user)
    if group is not None:
        _group(group)


def owner_of_sockets(user: str | None, group: str | None) -> tuple[int | None, int | None]:
    """Return to which user and group Unix sockets are given that this process makes before it becomes those; `None`: to nobody.

    Raises:
        SettingsError: there is no such user or group.
    """
    if os.geteuid() != 0 or (user is None and group is None):
        return None, None
    entry = None if user is None else _user(user)
    gid = _group(group) if group is not None else entry.pw_gid if entry is not None else None
    return None if entry is None else entry.pw_uid, gid


def become(user: str | None, group: str | None) -> None:
    """Become a user, with that user's groups or in one group only. For good.

    Raises:
        SettingsError: there is no such user or group, or this process may not.
    """
    if user is None and group is None:
        return
    entry = None if user is None else _user(user)
    gid = _group(group) if group is not None else entry.pw_gid if entry is not None else os.getegid()
    try:
        # SECURITY: groups first, for afterwards they could not be given up.
        if entry is not None and os.geteuid() == 0:
            os.initgroups(entry.pw_name, gid)
        elif os.geteuid() == 0:
            os.setgroups([gid])
        os.setgid(gid)
        if entry is not None:
            os.setuid(entry.pw_uid)
    except PermissionError:
        wish = f"user {user}" if user is not None else f"group {group}"
        raise SettingsError(
            f"This process may not become {wish}: start it as root, or leave the setting out."
        ) from None


@contextlib.contextmanager
def pid_file(path: str | None, predecessor: int | None = None) -> Iterator[None]:
    """Have a file with this process's id in it meanwhile; `None` for none. `predecessor` may have had it, and lives.

    Raises:
        SettingsError: it names another process that lives, or cannot be written.
    """
    if path is None:
        yield
        return
    own = os.getpid()
    other = _read_id(path)
    if other is not None and other not in {own, predecessor} and _lives(other):
        raise SettingsError(
            f"pidfile: {path} names process {other}, which is running. Stop it, or choose another file."
        )
    try:
        with open(f"{path}.{own}", "w", encoding="ascii") as file:
            file.write(f"{own}\n")
        os.replace(file.name, path)
    except OSError as error:
        raise SettingsError(f"pidfile: {path}: {error.strerror or error}.") from None
    try:
        yield
    finally:
        if _read_id(path) == own:
            try:
                os.unlink(path)
            except OSError as error:
                logger.warning("The file %s with this process's id stays: %s.", path, error.strerror)


def running_of(path: str | None) -> int | None:
    """Return the id of another process that a file of `pidfile` names and that lives; `None` if there is none."""
    found = None if path is None else _read_id(path)
    return found if found is not None and found != os.getpid() and _lives(found) else None


def _read_id(path: str) -> int | None:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            text = file.read(32).strip()
    except OSError:
        return None
    return int(text) if text.isascii() and text.isdigit() else None


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _user(name: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(int(name)) if name.isdecimal() else pwd.getpwnam(name)
    except KeyError:
        raise SettingsError(f"user: there is no user {name!r}.") from None


def _group(name: str) -> int:
    try:
        return int(name) if name.isdecimal() else grp.getgrnam(name).gr_gid
    except KeyError:
        raise SettingsError(f"group: there is no group {name!r}.") from None
