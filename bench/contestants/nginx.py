"""nginx, which says what this machine can do: an answer without any program, and files."""

import shutil

from .contestant import Command, Contestant, Kind, NotPossible, Setting

NGINX = "nginx"

_CONFIG = """
daemon off; {processes} pid {scratch}/pid; error_log {scratch}/error.log;
events {{ worker_connections {connections}; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600; sendfile on;
  types {{ }} default_type application/octet-stream;
  server {{
    listen 127.0.0.1:{port} {tls};
    location / {{ default_type "text/html; charset=utf-8"; return 200 "Hello, World!"; }}
    location /static/ {{ alias {files}/; }}
  }}
}}
"""


def command(setting: Setting) -> Command:
    """Write the configuration."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise NotPossible("nginx is not installed")
    tls = ""
    if setting.certificate is not None:
        tls = f"ssl; ssl_certificate {setting.certificate[0]}; ssl_certificate_key {setting.certificate[1]}"
    path = setting.scratch / "nginx.conf"
    path.write_text(
        _CONFIG.format(
            processes="master_process off;" if setting.processes == 1 else f"worker_processes {setting.processes};",
            scratch=setting.scratch,
            connections=(setting.connections or 4096) + 200,
            port=setting.port,
            tls=tls,
            files=setting.files,
        )
    )
    return Command([program, "-p", str(setting.scratch), "-c", str(path)])


CONTESTANTS = (
    Contestant(
        NGINX,
        Kind.LIMIT,
        "return 200, sendfile; no access log",
        frozenset({"hello", "static10k", "static1m", "static304"}),
        ("nginx",),
        command,
    ),
)
