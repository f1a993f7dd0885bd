"""nginx: what this machine can do for a fixed answer and for files, without Python."""

import shutil

from .contestant import Command, Contestant, Kind, NotPossible, Setting

NGINX = "nginx"

_CONFIGURATION = """
daemon off; {workers}; pid {dir}/pid; error_log {dir}/error.log;
events {{ worker_connections 20000; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; keepalive_timeout 600s;
  server {{
    listen 127.0.0.1:{port}{tls};
    location / {{ default_type "text/html; charset=utf-8"; return 200 "Hello, World!"; }}
    location /static/ {{ alias {files}/; }}
  }}
}}
"""


def _nginx(setting: Setting) -> Command:
    program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/bin")
    if program is None:
        raise NotPossible("nginx is not installed")
    tls = ""
    if setting.certificate is not None:
        tls = f" ssl; ssl_certificate {setting.certificate[0]}; ssl_certificate_key {setting.certificate[1]}"
    # A single process is one that has no master.
    workers = f"worker_processes {setting.processes}" if setting.processes > 1 else "master_process off"
    configuration = setting.scratch / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(dir=setting.scratch, port=setting.port, files=setting.files, workers=workers, tls=tls)
    )
    return Command([program, "-p", str(setting.scratch), "-c", str(configuration)], {})


def limits() -> list[Contestant]:
    """What nobody is expected to reach."""
    return [
        Contestant(
            NGINX,
            Kind.LIMIT,
            "`return 200` and static files, `sendfile on; tcp_nopush on`",
            frozenset({"hello", "static10k", "static1m", "static304"}),
            (),
            _nginx,
        )
    ]
