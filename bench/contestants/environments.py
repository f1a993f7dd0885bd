"""The rivals' virtual environment, with pinned versions, built under bench/out at the first run."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
RIVALS = ROOT / "bench" / "out" / "rivals"

PACKAGES = ["flask==3.1.3", "werkzeug==3.1.9", "gunicorn==27.0.1", "granian==2.8.7"]


def prepare_rivals() -> None:
    """Build it once. Raises `subprocess.CalledProcessError`."""
    if not (RIVALS / "bin" / "granian").exists():
        subprocess.run([sys.executable, "-m", "venv", str(RIVALS)], check=True)
        subprocess.run([str(RIVALS / "bin" / "pip"), "install", "--quiet", *PACKAGES], check=True)
