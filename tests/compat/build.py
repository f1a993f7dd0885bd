"""Build the environment of the suites: `python tests/compat/build.py DIRECTORY`, in an environment that has demijohn.

Neither Flask nor Werkzeug are in it, only our two wheels of these names: live servers and commands are ours, too. The sdists are
kept beside it; of them, only the tests are unpacked.
"""

import subprocess
import sys
import tarfile
from pathlib import Path

from demijohn.dropin.wheels import build_wheels

HERE = Path(__file__).parent
SDISTS = ("flask==3.1.3", "werkzeug==3.1.9")


def build(place: Path, requirements: Path = HERE / "requirements.txt", wanted_sdists: tuple[str, ...] = SDISTS) -> None:
    pip = [place / "bin" / "python", "-m", "pip", "--quiet", "--disable-pip-version-check"]
    if not (place / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
    # Before the rest, which would bring the originals.
    subprocess.run([*pip, "install", "-e", HERE.parents[1]], check=True)
    wheels = place / "wheels"
    wheels.mkdir(exist_ok=True)
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "--force-reinstall", *build_wheels(wheels)], check=True)
    subprocess.run([*pip, "install", "-r", requirements], check=True)
    subprocess.run([*pip, "check"], check=True)
    sdists = place / "sdists"
    if len(list(sdists.glob("*.tar.gz"))) < len(wanted_sdists):
        subprocess.run(
            [*pip, "download", "--no-deps", "--no-binary", ":all:", "--dest", sdists, *wanted_sdists], check=True
        )
    for sdist in sdists.glob("*.tar.gz"):
        with tarfile.open(sdist) as archive:
            wanted = [
                member
                for member in archive.getmembers()
                if member.name.split("/")[1:2] in (["tests"], ["pyproject.toml"], ["setup.cfg"], ["tox.ini"])
                or member.name.split("/")[1:3] == ["examples", "tutorial"]
            ]
            archive.extractall(place / "suites", wanted, filter="data")


if __name__ == "__main__":
    build(Path(sys.argv[1]).absolute())
