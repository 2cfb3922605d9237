"""What several components share: the look of controls inside a shadow root."""

from pathlib import Path

CONTROLS = (Path(__file__).parent / "component.css").read_text()
"""Style of buttons, fields, chips and cards; values come from the page's `tokens.css`."""
