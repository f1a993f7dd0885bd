"""A million requests over one worker, and what it holds meanwhile: `python -m bench.million`. Needs wrk and taskset.

Of a hundred requests 70 are for a few bytes, 19 for JSON, 5 for a page that is not there, 5 upload 64 KiB, 1 downloads 1 MiB.
Resident memory and open files, between two loads, at 10 %, 50 % and 100 %: they are to stay what they are. It ends after
`--minutes` in any case, and says how far it came.
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from .load import run_wrk
from .measures.serving import running
from .processes import CLIENT_CPU, SERVER_CPU, open_files, resident_bytes
from .runners import command

MIX = """
local number = 0
local body = string.rep("x", 65536)
request = function()
  number = number + 1
  local turn = number % 100
  if turn == 0 then return wrk.format("GET", "/large") end
  if turn <= 5 then return wrk.format("POST", "/upload", nil, body) end
  if turn <= 10 then return wrk.format("GET", "/nowhere") end
  if turn <= 29 then return wrk.format("GET", "/json") end
  return wrk.format("GET", "/")
end
"""


def main() -> None:
    """Measure, and print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m bench.million", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--runner", default="late")
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument("--port", type=int, default=8768)
    options = parser.parse_args()
    missing = [tool for tool in ("wrk", "taskset") if shutil.which(tool) is None]
    if missing:
        sys.exit(f"Not found: {', '.join(missing)}. On Debian: apt-get install wrk util-linux")
    marks = [options.count // 10, options.count // 2, options.count]
    rows = ["| requests | resident MiB | open files |", "|--:|--:|--:|"]
    until = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        script = Path(scratch) / "mix.lua"
        script.write_text(MIX)
        argv = command(options.runner, options.threads, options.port)
        with running(argv, port=options.port, cpus=str(SERVER_CPU)) as server:
            done = timeouts = 0
            while marks and time.monotonic() < until:
                load = run_wrk(server.url, connections=32, seconds=2, cpu=CLIENT_CPU, more=["-s", str(script)])
                done += load.count
                # wrk counts 404 as an error; those are asked for.
                timeouts += max(0, load.errors - load.count // 20 - load.count // 100 - 5)
                if done >= marks[0]:
                    marks.pop(0)
                    rows.append(
                        f"| {done:,} | {resident_bytes(server.pid) / (1 << 20):.1f} | {open_files(server.pid)} |"
                    )
            if marks:
                rows.append(
                    f"| {done:,} (time is over) | {resident_bytes(server.pid) / (1 << 20):.1f} | {open_files(server.pid)} |"
                )
    print("\n".join(rows))
    print(f"\n{timeouts} errors beside the pages that are not there")


if __name__ == "__main__":
    main()
