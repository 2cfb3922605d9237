"""The routes of serving itself, as `panel serve --plugins app.server.plugin` wants them: a list `ROUTES`.

They come before Bokeh's own `/static/…`, so that these files are sent compressed.
"""

from app.server import renewal, static_files

ROUTES = [*renewal.routes(), *static_files.routes()]
