"""The files in deploy/, by the tools that they are for, and by what they promise each other."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from services import DEPLOY, PATIENCE, Nginx, deployed, find, need, until

from demijohn.serve import ServerOptions

ROOT = DEPLOY.parent
PAGE = (ROOT / "docs" / "deployment.md").read_text()
COMMAND = str(Path(sys.executable).with_name("demijohn"))
GRACE = ServerOptions().drain_delay + ServerOptions().drain_timeout


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_page_has_every_file_as_it_is():
    shown = dict(re.findall(r"^`(deploy/[^`]+)`:\n\n```\w*\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))
    files = {str(path.relative_to(ROOT)): path.read_text() for path in DEPLOY.rglob("*") if path.is_file()}
    assert shown == files


# ---------------------------------------------------------------------- systemd


@pytest.fixture
def units(tmp_path):
    """The units, with our command in the place of the one that they expect to be installed."""
    service = deployed("systemd/demijohn.service", {"/srv/app/.venv/bin/demijohn": COMMAND})
    (tmp_path / "demijohn.service").write_text(service)
    (tmp_path / "demijohn.socket").write_text(deployed("systemd/demijohn.socket", {}))
    return tmp_path


def systemd_version():
    return int(re.search(r"systemd (\d+)", run(need("systemd-analyze"), "--version"))[1])


@pytest.mark.slow
@pytest.mark.parametrize("drop_in", [False, True])
def test_systemd_takes_the_units(units, drop_in):
    analyze = need("systemd-analyze")
    if drop_in:
        if systemd_version() < 253:
            pytest.skip("this systemd is older than notify-reload, 253")
        folder = units / "demijohn.service.d"
        folder.mkdir()
        (folder / "notify-reload.conf").write_text(deployed("systemd/notify-reload.conf", {}))
    # Nothing to complain about is nothing to say.
    assert run(analyze, "verify", "--man=no", units / "demijohn.service", units / "demijohn.socket") == ""


@pytest.mark.slow
def test_the_service_can_do_little(units):
    """systemd's own measure, from 0 (can do nothing) to 100."""
    run(need("systemd-analyze"), "security", "--offline=true", "--threshold=20", units / "demijohn.service")


def setting(text, name):
    return re.findall(rf"^{name}=(.*)$", text, re.MULTILINE)


def test_systemd_waits_as_long_as_a_stop_may_take():
    (seconds,) = setting(deployed("systemd/demijohn.service", {}), "TimeoutStopSec")
    assert int(seconds) >= GRACE + 10


def ask(path, target):
    """Ask on a connection of its own; the whole answer."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE)
        client.connect(path)
        client.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: client.recv(4096), b"")).decode()


@pytest.mark.slow
def test_the_service(place):
    """The command of the unit, started by systemd's own tool when the first client comes, on a socket like the unit's; and what
    it tells systemd when it is ready, reloads and stops."""
    activate = find("systemd-socket-activate")
    if activate is None:
        pytest.skip("systemd-socket-activate is not installed; scripts/services installs it on Debian")
    web, ops, told, control = (str(place.directory / f"{name}.sock") for name in ("app", "ops", "notify", "control"))
    changes = {
        "/srv/app/.venv/bin/demijohn": COMMAND,
        "--workers auto": "--workers 2",
        "127.0.0.1:8081 \\": f"unix:{ops} \\",
        "/run/demijohn/control.sock\n": f"{control}\n",
    }
    text = deployed("systemd/demijohn.service", changes).replace("\\\n", " ")
    (command,) = setting(text, "ExecStart")
    app = place.directory / "app.py"
    app.write_text("def app(environ, start):\n    start('200 OK', [])\n    return [b'as it was']\n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.settimeout(PATIENCE)
        systemd.bind(told)

        def wait_told(line):
            while line not in (lines := systemd.recv(4096).decode().splitlines()):
                pass
            return lines

        process = place.start(
            "activate", activate, "-E", f"NOTIFY_SOCKET={told}", "--listen", web, *shlex.split(command)
        )
        place.wait_listening(process, web)
        assert ask(web, "/").endswith("as it was"), place.log("activate")
        assert f"MAINPID={process.pid}" in wait_told("READY=1")
        assert ask(ops, "/readyz").startswith("HTTP/1.1 200 ")

        assert run(COMMAND, "ctl", "status", "--socket", control)

        app.write_text(app.read_text().replace("as it was", "as it is"))
        process.send_signal(signal.SIGHUP)
        wait_told("RELOADING=1")
        wait_told("READY=1")
        # The old workers may take one more before they hear that they are to stop.
        until(lambda: ask(web, "/").endswith("as it is"), "that the new code answers")

        process.send_signal(signal.SIGTERM)
        wait_told("STOPPING=1")
        assert process.wait(PATIENCE) == 0


# ---------------------------------------------------------------------- proxies


@pytest.mark.slow
def test_haproxy_takes_its_file():
    output = run(need("haproxy"), "-c", "-f", DEPLOY / "haproxy" / "haproxy.cfg")
    assert "WARNING" not in output
    assert "valid" in output


@pytest.mark.slow
@pytest.mark.parametrize("family", ["x-forwarded", "forwarded"])
def test_nginx_takes_its_files(place, family):
    need("nginx")
    changes = {"/etc/nginx/demijohn-x-forwarded.conf": str(DEPLOY / "nginx" / f"demijohn-{family}.conf")}
    text = deployed("nginx/demijohn-forwarded-map.conf", {}) + deployed("nginx/demijohn.conf", changes)
    output = run(find("nginx"), "-t", "-p", place.directory, "-c", Nginx.write_config(place, text), "-e", "stderr")
    assert "successful" in output
    assert "[warn]" not in output


@pytest.mark.slow
def test_the_commands_in_them_have_options_that_exist():
    """What the files say about how the node is run."""
    known = set(re.findall(r"--[a-z-]+", run(sys.executable, "-m", "demijohn", "run", "--help")))
    for name in ("haproxy/haproxy.cfg", "nginx/demijohn.conf", "systemd/demijohn.service"):
        command = re.search(r"demijohn run app:app (.*)", re.sub(r"\\\n#?", " ", deployed(name, {})))[1]
        options = set(re.findall(r"--[a-z-]+", command))
        assert "--workers" in options
        assert options <= known, name


# ---------------------------------------------------------------------- containers


def manifests():
    return {one["kind"]: one for one in yaml.safe_load_all(deployed("kubernetes/app.yaml", {}))}


def test_the_manifests_fit_together():
    parts = manifests()
    assert set(parts) == {"Deployment", "Service", "PodDisruptionBudget"}
    assert [parts[kind]["apiVersion"] for kind in parts] == ["apps/v1", "v1", "policy/v1"]
    spec = parts["Deployment"]["spec"]
    labels = spec["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"] == labels
    assert parts["Service"]["spec"]["selector"] == labels
    assert parts["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    # One pod may go, and the service goes on.
    assert parts["PodDisruptionBudget"]["spec"]["minAvailable"] < spec["replicas"]
    (container,) = spec["template"]["spec"]["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert parts["Service"]["spec"]["ports"][0]["targetPort"] in ports
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["port"] == "ops"
    assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    annotations = spec["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/port"] == str(ports["ops"])
    # Everything that Kubernetes takes as text is text: an unquoted number is refused there.
    assert all(isinstance(value, str) for value in annotations.values())
    assert all(isinstance(one["value"], str) for one in container["env"])
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in spec["template"]["spec"]["volumes"]}


def test_the_pod_has_time_to_stop():
    pod = manifests()["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    command = container["lifecycle"]["preStop"]["exec"]["command"]
    assert command[0] == "sleep"
    probe = container["readinessProbe"]
    # Long enough for the nodes to hear of it; and then the stop itself.
    assert int(command[1]) > probe["periodSeconds"]
    assert pod["terminationGracePeriodSeconds"] >= int(command[1]) + GRACE + 5


def test_the_pod_can_do_little():
    pod = manifests()["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert str(pod["securityContext"]["runAsUser"]) == instruction("USER")[-1]
    rights = container["securityContext"]
    assert rights["allowPrivilegeEscalation"] is False
    assert rights["readOnlyRootFilesystem"] is True
    assert rights["capabilities"] == {"drop": ["ALL"]}


def instruction(name):
    """What a Dockerfile's instructions of a name say, in order."""
    text = re.sub(r"\\\n\s*", "", deployed("docker/Dockerfile", {}))
    return [line.split(maxsplit=1)[1] for line in text.splitlines() if line.split(maxsplit=1)[:1] == [name]]


def test_the_image_runs_the_supervisor_itself_and_not_as_root():
    stages = instruction("FROM")
    assert len(stages) == 2
    assert stages[0].endswith("AS build")
    assert yaml.safe_load(instruction("ENTRYPOINT")[0]) == ["demijohn", "run"]
    assert yaml.safe_load(instruction("CMD")[0]) == ["guestbook.py:app"]
    assert instruction("USER")[0].isdigit()
    environ = dict(pair.split("=", 1) for pair in instruction("ENV")[0].split())
    ports = instruction("EXPOSE")[0].split()
    assert environ["DEMIJOHN_BIND"].rpartition(":")[2] == ports[0]
    assert environ["DEMIJOHN_OPS_BIND"].rpartition(":")[2] == ports[1]
    (container,) = manifests()["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert [str(port["containerPort"]) for port in container["ports"]] == ports


def test_the_build_gets_what_it_copies_and_nothing_else():
    copied = [word for line in instruction("COPY") if "--from" not in line for word in line.split()[:-1]]
    assert all((ROOT / name).exists() for name in copied)
    ignored = deployed("docker/Dockerfile.dockerignore", {}).splitlines()
    assert "*" in ignored
    assert sorted(line[1:] for line in ignored if line[:1] == "!") == sorted(copied)


@pytest.mark.slow
def test_the_image(place):
    """Built, run and asked, where Docker works."""
    docker = find("docker")
    if docker is None or subprocess.run([docker, "info"], capture_output=True, timeout=60).returncode:
        pytest.skip("there is no Docker here that works; the Dockerfile is not built")
    tag = f"demijohn-test-{os.getpid()}"
    file = DEPLOY / "docker" / "Dockerfile"
    built = subprocess.run([docker, "build", "-q", "-f", file, "-t", tag, ROOT], capture_output=True, timeout=110)
    if built.returncode:
        pytest.skip(f"docker build does not work here: {built.stderr.decode()[-300:]}")
    try:
        container = run(docker, "run", "-d", "--rm", tag).strip()
        try:
            ask = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8000/').status)"
            asked = (docker, "exec", container, "python", "-c", ask)
            until(lambda: subprocess.run(asked, capture_output=True, timeout=60).stdout == b"200\n")
            assert run(docker, "exec", container, "cat", "/proc/1/comm").strip() == "demijohn"
        finally:
            run(docker, "stop", container)
    finally:
        run(docker, "rmi", tag)


# ---------------------------------------------------------------------- scripts


@pytest.mark.slow
def test_the_script_is_content_when_everything_is_there(tmp_path):
    """It says nothing and asks nobody: `make test` calls it each time."""
    script = ROOT / "scripts" / "services"
    for name in ("haproxy", "nginx", "redis-server", "systemd-analyze"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    assert run("/bin/sh", script, env={"PATH": f"{tmp_path}:{os.defpath}"}) == ""
