"""Worker processes: a pure policy that decides, and an arbiter that forks, signals and reaps. See README.md."""
