"""The `demijohn` command: a `DemijohnGroup` that looks for its application.

Exit codes: 0 stopped as asked · 1 cannot listen · 2 wrong words or settings, or no such application · 3 the application raised
while it was loaded or started, or no worker could boot. docs/command-line.md has them for users.
"""

from .group import DemijohnGroup

main = DemijohnGroup(
    name="demijohn",
    help="Serve and manage Demijohn and other WSGI applications. Commands of the application are listed, too.",
)
