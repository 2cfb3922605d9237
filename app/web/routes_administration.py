"""The routes of administration, beside its Panel page."""

from __future__ import annotations

from app.web.administration import Export, Import, Template

ROUTES = [
    (r"/administration/import/?", Import),
    (r"/api/administration/modele\.csv", Template),
    (r"/api/administration/journal\.csv", Export),
]
