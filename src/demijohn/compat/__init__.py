"""The modules of Flask 3.1.3 and Werkzeug 3.1.9, made of this package's names. Importing one turns the drop-in on here.

Each is executed as `flask...` or `werkzeug...`; `demijohn.compat.flask...` is the same module. See `demijohn.dropin`.
"""

from demijohn.dropin.finder import serve_names

serve_names()
