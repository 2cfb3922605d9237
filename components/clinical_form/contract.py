"""What a clinical form is given: sections of fields."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    """One answer of a list."""

    code: str
    label: str


@dataclass(frozen=True)
class FormField:
    """One question. `kind`: string, text, choice, boolean."""

    key: str
    label: str
    kind: str
    required: bool = False
    max_length: int = 20_000
    hint: str = ""
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class FormSection:
    """A titled group of questions."""

    title: str
    fields: tuple[FormField, ...]
