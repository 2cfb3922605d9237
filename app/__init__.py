"""Télédossier: tele-medicine for care homes."""

__version__ = "0.1.0"
