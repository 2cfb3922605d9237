"""FHIR Questionnaires (R4) as the one source of every form: fields, checks, readable answers.

Only what our forms use is read: groups, string, text, choice, boolean, display; `required`, `maxLength`, and the
extension `entryFormat` as a hint. Source: hl7.org/fhir/R4/questionnaire.html.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from app.errors import InvalidInput

FOLDER = Path(__file__).with_name("questionnaires")
HINT = "http://hl7.org/fhir/StructureDefinition/entryFormat"
LONGEST_ANSWER = 20_000

Answer = str | bool
Answers = dict[str, Answer]


@dataclass(frozen=True)
class Option:
    """One choice: `code` is kept, `label` is read."""

    code: str
    label: str


@dataclass(frozen=True)
class Item:
    """One question, or a group of them. `type`: group, string, text, choice, boolean, display."""

    link_id: str
    text: str
    type: str
    required: bool = False
    max_length: int = LONGEST_ANSWER
    hint: str = ""
    options: tuple[Option, ...] = ()
    items: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Questionnaire:
    """A form. `reference` is what a response names: canonical address and version."""

    reference: str
    title: str
    items: tuple[Item, ...]

    def questions(self) -> Iterator[Item]:
        """Every question that takes an answer, in reading order."""
        for item in self.items:
            yield from _questions(item)


@cache
def load(name: str) -> Questionnaire:
    """The questionnaire kept in `questionnaires/<name>.json`."""
    source = json.loads((FOLDER / f"{name}.json").read_text())
    return Questionnaire(
        reference=f"{source['url']}|{source['version']}",
        title=source["title"],
        items=tuple(_item(child) for child in source["item"]),
    )


@cache
def by_reference(reference: str) -> Questionnaire:
    """The questionnaire that a response names."""
    for path in FOLDER.glob("*.json"):
        if load(path.stem).reference == reference:
            return load(path.stem)
    raise InvalidInput(f"Formulaire inconnu : {reference}.")


def checked(questionnaire: Questionnaire, answers: Mapping[str, Any]) -> Answers:
    """The answers, each of the type and size its question wants; empty ones are left out.

    Raises: InvalidInput, naming the field.
    """
    known = {item.link_id: item for item in questionnaire.questions()}
    kept: Answers = {}
    for link_id, value in answers.items():
        item = known.get(link_id)
        if item is None:
            raise InvalidInput("Le formulaire contient un champ inconnu. Rechargez la page : votre saisie est gardée.")
        if value in (None, ""):
            continue
        kept[link_id] = _checked(item, value)
    return kept


def merged(
    base: Mapping[str, Answer], mine: Mapping[str, Answer], theirs: Mapping[str, Answer]
) -> dict[str, Answer] | None:
    """The answers of two pages that both began with `base`, question by question; None where they contradict.

    No answer, an empty one and an unticked box are the same.
    """
    answers: dict[str, Answer] = {}
    for link_id in [*base, *mine, *theirs]:
        was, here, there = (each.get(link_id) or "" for each in (base, mine, theirs))
        if here not in (was, there) and there != was:
            return None
        if chosen := (there if here == was else here):
            answers[link_id] = chosen
    return answers


def missing(questionnaire: Questionnaire, answers: Mapping[str, Answer]) -> list[str]:
    """Labels of the required questions that have no answer yet."""
    return [
        item.text
        for item in questionnaire.questions()
        if item.required
        and not (isinstance(answers.get(item.link_id), bool) or str(answers.get(item.link_id, "")).strip())
    ]


def readable(questionnaire: Questionnaire, answers: Mapping[str, Answer]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Sections of (label, answer as text), without what has no answer."""
    sections = []
    for group in questionnaire.items:
        lines = [
            (item.text, _as_text(item, answers[item.link_id])) for item in _questions(group) if item.link_id in answers
        ]
        if lines:
            sections.append((group.text, lines))
    return sections


def _checked(item: Item, value: Any) -> Answer:
    if item.type == "boolean":
        if isinstance(value, bool):
            return value
    elif isinstance(value, str):
        if len(value) > item.max_length:
            raise InvalidInput(
                f"« {item.text} » : {item.max_length} caractères au plus. Le reste n'est pas enregistré."
            )
        if item.type != "choice" or value in {option.code for option in item.options}:
            return value
    raise InvalidInput(f"« {item.text} » : cette valeur n'est pas possible.")


def _as_text(item: Item, value: Answer) -> str:
    if isinstance(value, bool):
        return "Oui" if value else "Non"
    if item.type == "choice":
        return next((option.label for option in item.options if option.code == value), value)
    return value


def _questions(item: Item) -> Iterator[Item]:
    if item.type == "group":
        for child in item.items:
            yield from _questions(child)
    elif item.type != "display":
        yield item


def _item(source: Mapping[str, Any]) -> Item:
    hints = [extension["valueString"] for extension in source.get("extension", ()) if extension["url"] == HINT]
    return Item(
        link_id=source["linkId"],
        text=source["text"],
        type=source["type"],
        required=source.get("required", False),
        max_length=source.get("maxLength", LONGEST_ANSWER),
        hint=hints[0] if hints else "",
        options=tuple(
            Option(option["valueCoding"]["code"], option["valueCoding"]["display"])
            for option in source.get("answerOption", ())
        ),
        items=tuple(_item(child) for child in source.get("item", ())),
    )
