"""The stream of changes that pages listen to, over sockets; on every runner with a single thread."""

import json
import threading

import pytest
from engines.oddities import links, wait_until
from engines.serving import Client, serving

from demijohn._base.changefeed import ChangeFeed
from demijohn.debug.refresh import refreshing
from demijohn.debug.refresh.tabs import MOST_TABS, Tabs


def hello(exchange) -> None:
    exchange.respond("200 OK", [("Content-Type", "text/plain")], b"hello")


class Tab:
    """A page that listens."""

    def __init__(self, running, since: str = "", **headers: str) -> None:
        self.client = Client(running)
        fields = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        target = f"/__demijohn__/refresh?since={since}" if since else "/__demijohn__/refresh"
        self.client.send(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n".encode())
        self.status, self.headers = self.client.read_head()
        self._rest = b""
        self._chunks = self.client.chunks()

    def event(self):
        """The next event: its name, id and data."""
        while b"\n\n" not in self._rest:
            self._rest += next(self._chunks)
        text, _, self._rest = self._rest.partition(b"\n\n")
        fields = dict(line.split(": ", 1) for line in text.decode().splitlines())
        if "event" not in fields:
            return self.event()
        return fields["event"], fields["id"], json.loads(fields["data"])

    def close(self) -> None:
        self.client.close()


@pytest.mark.over_tls
def test_pages_hear_of_changes_and_hold_no_thread(runner):
    feed = ChangeFeed("g1")
    with serving(refreshing(hello, lambda: feed), runner, threads=1) as running:
        tabs = [Tab(running) for _ in range(5)]
        for tab in tabs:
            assert (tab.status, tab.headers["content-type"]) == (200, "text/event-stream")
            assert tab.event() == ("hello", "g1.0", None)
        feed.publish(["/home/me/site/static/css/style.css", "/home/me/site/a.html"], "static")
        feed.publish(["/x.py"], "code")
        feed.publish(["/x.html"], "template")
        for tab in tabs:
            name, number, data = tab.event()
            assert (name, number, data["kind"]) == ("change", "g1.1", "static")
            assert data["paths"] == ["site/static/css/style.css", "home/me/site/a.html"]
            assert tab.event() == ("change", "g1.3", {"kind": "template", "paths": ["/x.html"]})
        with Client(running) as client:
            assert client.get("/").body == b"hello"
        for tab in tabs:
            tab.close()
        wait_until(lambda: not feed._callbacks, "nobody listens")
        wait_until(lambda: not links(running))


def test_who_comes_back_hears_what_was_missed(runner):
    feed = ChangeFeed("g2")
    feed.publish(["/a.css"], "static")
    feed.publish(["/b.css"], "static")
    with serving(refreshing(hello, lambda: feed), runner) as running:
        for since, headers, first in (
            ("g2.2", {}, "hello"),
            ("g2.1", {}, "change"),
            ("g1.2", {}, "reload"),
            ("nonsense", {}, "reload"),
            ("g2.99999999999999999999", {}, "reload"),
            ("g2.%C2%B2", {}, "reload"),
            ("g2.0", {"Last_Event_ID": "g2.2"}, "hello"),
            ("g2.2", {"Last_Event_ID": "g1.2"}, "reload"),
        ):
            tab = Tab(running, since, **headers)
            assert tab.event()[0] == first, since
            tab.close()


def test_there_are_not_too_many(runner):
    with serving(refreshing(hello, lambda: ChangeFeed("g1")), runner) as running:
        tabs = [Tab(running) for _ in range(MOST_TABS)]
        assert {tab.status for tab in tabs} == {200}
        refused = Tab(running)
        assert refused.status == 503
        assert refused.headers["retry-after"] == "10"
        refused.close()
        tabs.pop().close()
        wait_until(lambda: len(links(running)) == MOST_TABS - 1)
        last = Tab(running)
        assert last.status == 200
        for tab in (*tabs, last):
            tab.close()


def test_a_change_between_two_steps_is_told():
    """However opening a stream and a change interleave, the page hears of it."""
    feed = ChangeFeed("g1")
    for number in range(200):
        tabs = Tabs(feed)
        before = tabs.now
        publisher = threading.Thread(target=feed.publish, args=([f"/{number}"], "static"))
        publisher.start()
        stream = tabs.open(before)
        publisher.join()
        stream.end()
        assert f'"/{number}"'.encode() in b"".join(stream)
        stream.close()
