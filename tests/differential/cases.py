"""`Cases`: the cases in a file of probes, by their names: `CASES = Cases()`, `case = CASES.add`, `run = CASES.run`."""

from differential.plain import plain


class Cases(dict):
    """Functions that take the library's names and return what came out."""

    def add(self, function):
        """Note a case; a decorator."""
        self[function.__name__] = function
        return function

    def run(self, lib, name):
        """The probe: the outcome of one case."""
        return plain(self[name](lib))
