"""The worker: runs probes with the originals, in their environment. One JSON line of calls comes in, one of outcomes goes out.

Started by original.py as a script. Standard output is the channel, so what probes print goes to standard error.
"""

import json
import os
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).parent.parent)

from differential.names import bind
from differential.probing import run


def main() -> None:
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    lib = bind(is_original=True)
    for line in sys.stdin:
        outcomes = [run(lib, name, arguments) for name, arguments in json.loads(line)]
        channel.write(json.dumps(outcomes) + "\n")
        channel.flush()


main()
