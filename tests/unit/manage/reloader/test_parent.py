"""What the parent makes of what its child says, without a child."""

import logging
from types import SimpleNamespace

from demijohn.manage.reloader.commandline import Command
from demijohn.manage.reloader.parent import Parent
from demijohn.manage.watching.fileset import FileSet
from demijohn.manage.watching.watch import Watch

READY = {"ready": True, "time_ns": 1, "roots": [], "modules": [], "templates": [], "statics": []}


def child():
    return SimpleNamespace(is_ready=False, ready_ns=0, started_ns=0, failure=None, tell=lambda message: None)


def test_who_is_ready_when_an_edit_was_noticed_already_has_served(caplog):
    """The next one is started for that edit, and says so."""
    caplog.set_level(logging.INFO, "demijohn.reloader")
    with Watch(FileSet(), "stat") as watch:
        parent = Parent(Command((), "/"), watch)
        parent._pending.add(["app.py"])
        parent._on_message(child(), READY)
        assert caplog.messages == []
        parent._reason = parent._pending.take()
        parent._on_message(child(), READY)
        assert [message.partition(" (")[0] for message in caplog.messages] == [" * Reloaded because app.py changed"]


def test_the_first_start_is_no_reload(caplog):
    caplog.set_level(logging.INFO, "demijohn.reloader")
    with Watch(FileSet(), "stat") as watch:
        Parent(Command((), "/"), watch)._on_message(child(), READY)
    assert caplog.messages == []
