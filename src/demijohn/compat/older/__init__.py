"""What Flask 0.12 to 2.x and Werkzeug 0.14 to 2.x had and 3.1 has no more: served, with a warning that names today's home.

`table.py` says what; the other files are what has no home elsewhere. Imported when such a name is asked for, and not before.
"""
