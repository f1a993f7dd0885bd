"""Two nodes behind a real HAProxy, sessions in a real Redis: a node is killed under load, comes back, and the other one stops.

Clients log in and count in their session. Everything that may be sent twice is answered, whatever happens; a POST may be lost on a
connection of the killed node, and nowhere else. Each answer is checked, each failure counted.
"""

import http.client
import json
import signal
import threading
from contextlib import closing

import pytest
from services import PATIENCE, HAProxy, Node, Redis, deployed, need, own_address, until

pytestmark = pytest.mark.slow

CLIENTS = 8


class Client(threading.Thread):
    """Logs in, then counts up with PUT and adds with POST in turn until it is told to stop; on one connection while it lasts."""

    def __init__(self, proxy, number):
        super().__init__()
        self.user = f"user{number}"
        self.connection = http.client.HTTPConnection(proxy, 8000, timeout=PATIENCE)
        self.cookie = None
        self.counted = 0
        self.added = 0
        self.lost_posts = []  # what became of them
        self.errors = []  # anything else
        self.nodes = []  # who answered, in order
        self.workers = []
        self.stops = threading.Event()

    def ask(self, method, path):
        self.connection.request(method, path, headers={"Cookie": self.cookie} if self.cookie else {})
        with self.connection.getresponse() as answer:
            body = answer.read()
        if answer.status != 200:
            return answer.status
        if cookie := answer.headers["Set-Cookie"]:
            self.cookie = cookie.partition(";")[0]
        told = json.loads(body)
        assert told["user"] == self.user, "another session"
        self.nodes.append(told["node"])
        self.workers.append((told["node"], told["worker"]))
        return told

    def run(self):
        try:
            with closing(self.connection):
                told = self.ask("POST", f"/login/{self.user}")
                assert told["n"] == 0
                while not self.stops.is_set():
                    told = self.ask("PUT", f"/count/{self.counted + 1}")
                    assert isinstance(told, dict), f"PUT: {told}"
                    self.counted += 1
                    self.add()
                    self.stops.wait(0.05)  # the machine has other things to do, too
                told = self.ask("GET", "/me")
                assert told["n"] == self.counted
                # What was lost may have been done, or not; what was answered has been done.
                assert self.added <= told["added"] <= self.added + len(self.lost_posts)
        except (AssertionError, OSError, http.client.HTTPException) as error:
            self.errors.append(repr(error))

    def add(self):
        try:
            told = self.ask("POST", "/add")
        except (http.client.HTTPException, ConnectionError) as error:
            self.connection.close()  # the next request opens it again
            told = repr(error)
        if isinstance(told, dict):
            self.added += 1
        else:
            self.lost_posts.append(told)


def everybody_counts(clients, times):
    """Wait until each has counted that much more."""
    goals = [client.counted + times for client in clients]
    for client, goal in zip(clients, goals, strict=True):
        until(lambda: client.counted >= goal or not client.is_alive(), f"that {client.user} counts")
        assert not client.errors, client.errors


class Held(threading.Thread):
    """A request that stays in the application until it is released, or until its node dies."""

    def __init__(self, proxy, method, number, folder):
        super().__init__()
        self.proxy, self.method, self.folder = proxy, method, folder
        self.name = f"{method}{number}"
        self.answer = None

    def run(self):
        with closing(http.client.HTTPConnection(self.proxy, 8000, timeout=PATIENCE)) as connection:
            connection.request(self.method, f"/hold/{self.name}")
            with connection.getresponse() as answer:
                self.answer = answer.status, answer.read().decode()

    def node(self):
        """Where it is, once it is there."""
        return next((path.suffix[1:] for path in self.folder.glob(f"{self.name}.*")), None)


@pytest.fixture
def system(place):
    """Redis, two nodes, HAProxy."""
    need("haproxy")
    redis = Redis(place)
    options = ("--workers", 2, "--threads", 8, "--proxy-protocol", "required", "--trusted-peers", "127.0.0.0/8")
    more = {"REDIS_URL": redis.url, "HOLD": str(place.directory)}
    nodes = [Node(place, name, *options, "--drain-delay", 1.5, **more) for name in ("node1", "node2")]
    proxy = own_address()
    text = deployed(
        "haproxy/haproxy.cfg",
        {
            "maxconn 20000": "maxconn 500",
            "bind :80\n": f"bind {proxy}:8000\n",
            "192.0.2.11:8000": f"{nodes[0].address}:8000",
            "192.0.2.12:8000": f"{nodes[1].address}:8000",
        },
    )
    for node in nodes:
        node.wait_ready()
    process = HAProxy(place, text).process
    place.wait_listening(process, (proxy, 8000))
    clients = [Client(proxy, number) for number in range(CLIENTS)]
    held = [Held(proxy, method, number, place.directory) for method in ("PUT", "POST") for number in range(2)]
    yield place, nodes, clients, held
    (place.directory / "release").touch()
    for client in clients:
        client.stops.set()
    for thread in (*clients, *held):
        if thread.ident:
            thread.join(PATIENCE)


def answered_by(clients):
    """Nodes and workers that have answered so far."""
    return {worker for client in clients for worker in tuple(client.workers)}


def test_a_node_dies_and_comes_back_and_the_other_one_reloads_and_stops(system):
    place, (first, second), clients, held = system
    for request in held:
        request.start()
        until(request.node, f"that {request.name} is in a node")
    for client in clients:
        client.start()
    everybody_counts(clients, 20)
    assert {name for client in clients for name in client.nodes} == {"node1", "node2"}

    # Killed. A client had one request in flight there at most, and loses that only if it may not be sent twice.
    died_with = {request.name for request in held if request.node() == "node1"}
    place.kill(first.process)
    (place.directory / "release").touch()
    for request in held:
        request.join(PATIENCE)
        is_lost = request.name in died_with and request.method == "POST"
        assert request.answer[0] == (502 if is_lost else 200), (request.name, request.answer)
        assert is_lost or '"node2"' in request.answer[1]
    assert {name[:-1] for name in died_with} == {"PUT", "POST"}
    everybody_counts(clients, 20)
    assert {client.nodes[-1] for client in clients} == {"node2"}
    lost = [len(client.lost_posts) for client in clients]
    assert max(lost) <= 1, [client.lost_posts for client in clients]

    # The first is started again, and used; the second gets new workers meanwhile.
    workers = answered_by(clients)
    first.start()
    second.process.send_signal(signal.SIGHUP)
    first.wait_ready()
    until(
        lambda: {node for node, _ in answered_by(clients) - workers} == {"node1", "node2"}, "that both have new workers"
    )

    # The second is stopped in order. From all of this nothing was lost, not even a POST.
    second.process.send_signal(signal.SIGTERM)
    assert second.process.wait(PATIENCE) == 0, place.log("node2")
    everybody_counts(clients, 5)
    assert {client.nodes[-1] for client in clients} == {"node1"}

    for client in clients:
        client.stops.set()
    for client in clients:
        client.join(PATIENCE)
        assert not client.is_alive()
    assert [error for client in clients for error in client.errors] == []
    assert [len(client.lost_posts) for client in clients] == lost
