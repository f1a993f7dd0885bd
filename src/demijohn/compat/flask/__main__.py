"""`python -m flask`: the `flask` command."""

from demijohn.manage.cli.flaskrun import main

main()
