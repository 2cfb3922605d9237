"""The opinion's report: what stands in it, and how French readers expect it to be written.

The PDF itself is made by `report_making` from plain values (`plain`), in a rendering process or wherever one likes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.dossiers.calls import Held
from app.dossiers.service import IdentityTraits
from app.french import age, ins, local, long_date, numeric_date
from app.platform import Platform

NARROW, NO_BREAK = "\u202f", "\u00a0"
SHORT_ANSWER = 60  # letters: up to here an answer stands beside its question
SEXES = {"F": "Féminin", "M": "Masculin"}
DRAFT = "Brouillon, non signé"

Answers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Signature:
    """Who signed, and when. The RPPS number is empty for those who have none."""

    name: str
    rpps: str
    at: datetime


@dataclass(frozen=True)
class ReportContent:
    """Everything a report says. `request` and each section hold (label, answer); unsigned, it says so on every page."""

    number: str
    title: str
    patient: IdentityTraits
    structure: str
    requester: str
    expert: str
    specialty: str
    motive: str
    held: Held | None  # when the people met by video; None: they never did
    request: Answers
    sections: tuple[tuple[str, Answers], ...]
    signature: Signature | None = None
    planned_at: datetime | None = None
    annex: Answers = ()  # technical facts of the calls (CSP, R. 6316-4)


def make_report(content: ReportContent, at: datetime) -> bytes:
    """The report as PDF/A-3a and PDF/UA-1, the same bytes for the same content and instant.

    Some 50 ms of work: call `render` on an event loop.
    """
    from app.documents import report_making

    return report_making.make(plain(content, at))[0]


async def render(platform: Platform, content: ReportContent, at: datetime) -> tuple[bytes, int]:
    """`make_report` in a rendering process; answers the PDF and its number of pages."""
    source = plain(content, at)
    key = f"report-{content.number}-{at.isoformat()}"
    made: tuple[bytes, int] = await platform.renderer.run("report", key, lambda: source)
    return made


def plain(content: ReportContent, at: datetime) -> bytes:
    """The report as JSON of texts that are ready to print."""
    patient, signature = content.patient, content.signature
    moment = local(at)
    name = f"{patient.birth_name} {patient.first_names}"
    values: dict[str, Any] = {
        "number": content.number,
        "kind": content.title,
        "title": content.title,
        "subtitle": f"{content.specialty} · {content.structure} · {_day(at)}",
        "author": content.expert,
        "made": {
            part: getattr(at.astimezone(UTC), part) for part in ("year", "month", "day", "hour", "minute", "second")
        },
        "signed": signature is not None,
        "draft": DRAFT,
        "patient": {
            "name": name,
            "birth": f"{SEXES.get(patient.sex, patient.sex)}, {_born(patient)} le {numeric_date(patient.birth_date)} "
            f"({_age(content, at)})",
            "ins": _ins(patient),
        },
        "traits": [
            ("Nom de naissance", patient.birth_name),
            ("Prénoms", patient.first_names),
            ("Nom utilisé", patient.used_name or "–"),
            ("Sexe", SEXES.get(patient.sex, patient.sex)),
            ("Date de naissance", f"{numeric_date(patient.birth_date)} ({_age(content, at)})"),
            ("Lieu de naissance", patient.birth_place or "–"),
            ("Matricule INS", ins(patient.ins) if patient.ins else "–"),
            ("Statut de l'identité", patient.status.label),
        ],
        "circumstances": [
            ("Établissement", content.structure),
            ("Requérant", content.requester),
            ("Requis", content.expert),
            ("Motif", content.motive),
            ("Téléconsultation", _held(content)),
        ],
        "request": _answers(content.request),
        "sections": [(title, _answers(answers)) for title, answers in content.sections],
        "annex": _answers(content.annex),
        "signature": _signed(signature) if signature else f"{DRAFT}.",
        "footer": f"Télédossier · {content.title} · établi le {numeric_date(moment.date())} à {_hour(at)}",
    }
    return json.dumps(_printed(values), ensure_ascii=False).encode()


def typographic(text: str) -> str:
    """The same letters, with spaces that do not break where French wants them (Lexique de l'Imprimerie nationale)."""
    text = re.sub(r" +([;!?])", NARROW + r"\1", text)
    text = re.sub(r" +([:»%])", NO_BREAK + r"\1", text)
    text = re.sub(r"« +", "«" + NO_BREAK, text)
    # A number and its unit, and a title and its name, stay together.
    text = re.sub(r"(?<=\d) (?=(?:[µmckd]?[gLlm]|mmHg|mmol|UI|°C|ans?|mois|jours?|kg|×)\b)", NO_BREAK, text)
    return re.sub(r"\b(Dr|Pr|M\.|Mme) (?=[A-ZÀ-Ý])", r"\1" + NO_BREAK, text)


def _printed(value: Any) -> Any:
    if isinstance(value, str):
        return typographic(value)
    if isinstance(value, dict):
        return {key: _printed(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_printed(inner) for inner in value]
    return value


def _answers(answers: Iterable[tuple[str, str]]) -> list[tuple[str, str, bool]]:
    return [
        (label, answer.strip(), len(answer) <= SHORT_ANSWER and "\n" not in answer.strip())
        for label, answer in answers
        if answer.strip()
    ]


def _held(content: ReportContent) -> str:
    """« le 24 novembre 2026, de 10 h 42 à 11 h 03 »; who reads a report without any call must see it at once."""
    held = content.held
    if held is None:
        planned = f" Elle était prévue le {_day(content.planned_at)}." if content.planned_at else ""
        return f"Aucune : personne ne s'est réuni en salle vidéo pour ce dossier.{planned}"
    if held.until is None:
        return f"{_day(held.since)}, commencée à {_hour(held.since)}"
    if _day(held.since) != _day(held.until):
        return f"du {_day(held.since)} à {_hour(held.since)} au {_day(held.until)} à {_hour(held.until)}"
    return f"{_day(held.since)}, de {_hour(held.since)} à {_hour(held.until)}"


def _signed(signature: Signature) -> str:
    rpps = f" (RPPS {signature.rpps})" if signature.rpps else ""
    return f"Signé électroniquement par {signature.name}{rpps} le {_day(signature.at)} à {_hour(signature.at)}"


def _day(instant: datetime) -> str:
    """« 24 novembre 2026 »."""
    return long_date(local(instant).date()).partition(" ")[2]


def _hour(instant: datetime) -> str:
    return f"{local(instant):%H:%M}"


def _age(content: ReportContent, at: datetime) -> str:
    return f"{age(content.patient.birth_date, local(at).date())} ans"


def _born(patient: IdentityTraits) -> str:
    return "née" if patient.sex == "F" else "né"


def _ins(patient: IdentityTraits) -> str:
    number = f"INS {ins(patient.ins)} · " if patient.ins else ""
    used = f"Nom utilisé : {patient.used_name} · " if patient.used_name else ""
    return f"{used}{number}{patient.status.label}"
