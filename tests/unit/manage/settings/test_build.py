"""From settings to what serves: options, listeners, certificates, numbers of processes and threads; risks."""

import logging
import sys

import pytest

from demijohn.manage.settings import build, cpus
from demijohn.manage.settings.load import settings_of_call
from demijohn.manage.settings.pyproject import SettingsError
from demijohn.manage.settings.risks import warnings_of
from demijohn.serve import ListenOptions, ServerOptions


def settings(**keywords):
    return settings_of_call(keywords, "f")


def test_defaults_are_those_of_the_server():
    assert build.server_options(settings()) == ServerOptions()
    assert build.listen_options(settings()) == ListenOptions()
    assert build.ssl_context(settings()) is None


def test_the_runner_follows_the_threads():
    assert build.server_options(settings(threads=1)).runner == "inline"
    assert build.server_options(settings(threads=2)).runner == "late"
    assert build.server_options(settings(threads=1, runner="pool")).runner == "pool"


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"limit_chunk_line": 3}, r"chunk_line must be .* \(limit_chunk_line is from f\(limit_chunk_line=\.\.\.\)\)\."),
        ({"trust_request_id": True, "threads": 4}, r"\(trust_request_id is from f\(trust_request_id=\.\.\.\)\)\."),
        ({"access_log_format": "%(nope)s"}, r"no atom 'nope'.*\(access_log_format is from"),
        ({"promote_after_ms": 0, "threads": 4}, r"\(promote_after_ms is from"),
        ({"trusted_peers": "10.0.0.1/8"}, r"\(trusted_peers is from"),
    ],
)
def test_what_is_refused_later_is_still_said_to_be_from_somewhere(keywords, message):
    with pytest.raises(SettingsError, match=message):
        build.server_options(settings(**keywords))


def test_whether_there_is_an_access_log(monkeypatch):
    monkeypatch.setattr(logging.getLogger("demijohn.access"), "level", logging.NOTSET)
    assert not build.has_access_log(settings())
    assert build.has_access_log(settings(access_log_file="-"))
    assert not build.has_access_log(settings(access_log=False, access_log_file="-"))
    monkeypatch.setattr(logging.getLogger("demijohn.access"), "level", logging.INFO)
    assert build.has_access_log(settings())


def test_auto(monkeypatch):
    monkeypatch.setattr(build, "available_cpus", lambda: 6)
    chosen = settings(workers="auto", threads="auto")
    assert (build.worker_count(chosen), build.thread_count(chosen)) == (6, 16)
    assert build.server_options(chosen).is_multiprocess


def test_threads_without_the_gil(monkeypatch):
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: False, raising=False)
    assert [cpus.threads_for(workers, 8) for workers in (1, 4, 8, 16)] == [64, 32, 16, 16]
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: True)
    assert cpus.threads_for(1, 8) == 16


class TestCpus:
    @pytest.fixture
    def machine(self, tmp_path, monkeypatch):
        """A machine with 8 CPUs for this process, and control groups as said."""
        monkeypatch.setattr("os.sched_getaffinity", lambda pid: set(range(8)), raising=False)

        def machine(group="", mounts="", files=()):
            (tmp_path / "proc" / "self").mkdir(parents=True)
            (tmp_path / "proc/self/cgroup").write_text(group)
            (tmp_path / "proc/self/mountinfo").write_text(mounts)
            for name, text in dict(files).items():
                path = tmp_path / "sys/fs/cgroup" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return cpus.available_cpus(str(tmp_path))

        return machine

    V2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n"
    V1 = "31 23 0:27 {top} /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n32 23 0:28 / /x rw - cgroup cgroup rw,memory\n"

    def test_affinity_alone(self, machine, tmp_path):
        assert machine() == 8
        assert cpus.available_cpus(str(tmp_path / "nowhere")) == 8

    @pytest.mark.parametrize(
        ("files", "count"),
        [
            ({"a/b/cpu.max": "250000 100000\n"}, 2),
            ({"a/b/cpu.max": "50000 100000\n"}, 1),
            ({"a/b/cpu.max": "max 100000\n"}, 8),
            ({"a/b/cpu.max": "max 100000\n", "a/cpu.max": "300000 100000\n"}, 3),
            ({"a/b/cpu.max": "9900000 100000\n"}, 8),
            ({"a/b/cpu.max": "nonsense\n"}, 8),
            ({"cpu.max": "200000 100000\n"}, 2),
        ],
    )
    def test_limits_of_v2(self, machine, files, count):
        assert machine("0::/a/b\n", self.V2, files) == count

    def test_a_container_that_sees_the_host_s_path(self, machine):
        mounts = self.V2.replace(" / /sys", " /docker/1 /sys")
        assert machine("0::/docker/1/x\n", mounts, {"x/cpu.max": "200000 100000", "cpu.max": "400000 100000"}) == 2

    @pytest.mark.parametrize(("quota", "count"), [("150000", 1), ("400000", 4), ("-1", 8)])
    def test_limits_of_v1(self, machine, quota, count):
        files = {"cpu/a/cpu.cfs_quota_us": quota, "cpu/a/cpu.cfs_period_us": "100000"}
        assert machine("4:memory:/a\n3:cpu,cpuacct:/a\n", self.V1.format(top="/"), files) == count

    def test_v1_in_a_container(self, machine):
        files = {"cpu/cpu.cfs_quota_us": "300000", "cpu/cpu.cfs_period_us": "100000"}
        assert machine("3:cpu,cpuacct:/docker/1\n", self.V1.format(top="/docker/1"), files) == 3

    def test_this_machine(self):
        assert cpus.available_cpus() >= 1


@pytest.mark.parametrize(
    ("keywords", "is_debug", "part"),
    [
        ({"trusted_peers": "*", "forwarded": "x-forwarded"}, False, "trusted_peers is *"),
        ({"trusted_peers": "*", "proxy_protocol": "required"}, False, "trusted_peers is *"),
        ({"trusted_peers": "10.0.0.1"}, False, "has no effect: nothing is believed"),
        ({"limit_body_bytes": None}, False, "limit_body_bytes is none"),
        ({"min_receive_rate": 0}, False, "min_receive_rate is 0"),
        ({"underscore_headers": "keep"}, False, "underscore_headers is keep"),
        ({"host": "0.0.0.0"}, True, "Debug mode on an address that others can reach"),
        ({"bind": "127.0.0.1:1,:80"}, True, "Debug mode on an address that others can reach"),
        ({"client_certs": "optional"}, False, "There is no certfile"),
    ],
)
def test_risks_are_told(keywords, is_debug, part):
    [warning] = warnings_of(settings(**keywords), is_debug=is_debug)
    assert part in warning


def test_usual_settings_have_no_risks():
    for keywords in (
        {},
        {"trusted_peers": "10.0.0.1", "forwarded": "rfc7239"},
        {"host": "0.0.0.0"},
        {"access_log": True},
    ):
        assert warnings_of(settings(**keywords)) == []
    assert warnings_of(settings(bind="127.0.0.1:1,unix:/x,[::1]:5"), is_debug=True) == []


@pytest.mark.parametrize(
    ("keywords", "by_call", "by_command"),
    [
        ({}, False, False),
        ({"workers": 1}, False, True),
        ({"workers": 2}, True, True),
        ({"max_requests": 1000}, False, True),
        ({"ops_bind": [":0"]}, True, True),
        ({"reload_on_change": True}, True, True),
        ({"supervise": True}, True, True),
        ({"workers": 1, "supervise": False}, False, False),
    ],
)
def test_who_has_a_supervisor(keywords, by_call, by_command):
    chosen = settings(**keywords)
    assert build.is_supervised(chosen) is by_call
    assert build.is_supervised(chosen, is_command=True) is by_command


def test_who_waits_to_be_notified_has_a_supervisor():
    assert build.is_supervised(settings(), is_command=True, is_notified=True)
    assert not build.is_supervised(settings(supervise=False), is_command=True, is_notified=True)


@pytest.mark.parametrize("needs", [{"workers": 2}, {"ops_bind": [":0"]}, {"reload_on_change": True}])
def test_what_needs_a_supervisor_does_not_go_without(needs):
    with pytest.raises(SettingsError, match=rf"{next(iter(needs))} needs a supervisor, and supervise is no"):
        build.is_supervised(settings(**needs, supervise=False))
