"""`/administration`: for administrators only. Run by `panel serve` for each session."""

from app.pages.administration_page import serve

serve()
