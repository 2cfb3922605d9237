"""How the pages are served: `panel serve`, what we add to it, and the processes around it.

`setup.py` and `auth.py` are the files that `panel serve --setup` and `--auth-module` load, `plugin.py` the routes of
`--plugins`; `command.py` writes the whole command line, `supervisor.py` runs it. Everything that reaches into Panel
or Bokeh is named in `pins.py` and checked at start.
"""
