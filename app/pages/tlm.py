"""`/tlm`: « Mes télédossiers »; `/tlm?dossier=NUMÉRO` opens one. Run by `panel serve` for each session."""

from app.pages.tlm_page import serve

serve()
