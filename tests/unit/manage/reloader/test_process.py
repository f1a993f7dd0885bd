"""What a parent says to those of a child's processes that listen."""

import os
import sys

from demijohn.manage.reloader.channel import Channel
from demijohn.manage.reloader.commandline import Command
from demijohn.manage.reloader.handshake import Handshake
from demijohn.manage.reloader.process import ChildProcess


class Ear:
    """One process's connection."""

    is_open = True

    def __init__(self):
        self.heard = []
        self.says = [{"listens": True}]

    def receive(self):
        says, self.says = self.says, []
        return says

    def send(self, message):
        self.heard.append(message)

    def close(self):
        self.is_open = False


def test_who_listens_late_is_told_from_the_first_on(tmp_path):
    """All processes number changes alike, so a page may come back to another one than it was from."""
    channel = Channel()
    handshake = Handshake(os.getpid(), channel.child_fd, 0, is_first=True, way="stat", files=0)
    child = ChildProcess(Command((sys.executable, "-c", ""), str(tmp_path)), channel, handshake, os.environ)
    try:
        changes = [{"changed": "template", "paths": [name]} for name in ("/a", "/b", "/c")]
        early, late = Ear(), Ear()
        assert child.hear(early) == []
        child.tell(changes[0])
        child.tell(changes[1])
        assert child.hear(late) == []
        child.tell(changes[2])
        assert early.heard == late.heard == changes
    finally:
        child._process.wait(20)
        child.close()
