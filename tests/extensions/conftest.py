"""What lies in `inside/` is run by the environment of the extensions, not by this one."""

collect_ignore = ["inside", "build.py"]
