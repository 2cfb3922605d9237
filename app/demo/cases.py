"""Fictional residents and télédossiers of the demo, over all steps; dates follow the day the demo is made.

INS numbers are made up and carry the test authority's identifier (OID …10); each patient has one identity status.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sqlmodel import Session, select

from app.db import key
from app.dossiers.models import Dossier, IdentityStatus, Patient, Step
from app.dossiers.service import searchable
from app.forms.models import FormKind
from app.forms.service import OPINION_QUESTIONNAIRE, start_form
from app.french import PARIS
from app.identity.models import Professional
from app.teleconsultation.models import Room

SOON = None  # in about a quarter of an hour, still today
TEST_INS = "1.2.250.1.213.1.4.10"
QUALIFIED, VALIDATED, RETRIEVED, PROVISIONAL = (
    IdentityStatus.QUALIFIED,
    IdentityStatus.VALIDATED,
    IdentityStatus.RETRIEVED,
    IdentityStatus.PROVISIONAL,
)


@dataclass(frozen=True)
class Case:
    """One dossier of the demo. `days` and `at` say when it is planned, relative to today."""

    number: str
    birth_name: str
    first_names: str
    sex: str
    born: date
    place: str
    ins: str
    status: IdentityStatus
    step: Step
    requester: str
    expert: str
    specialty: str
    motive: str
    days: int | None
    at: time | None = time(10, 30)
    minutes: int = 30
    urgent: bool = False
    used_name: str = ""
    room: str = "salle-bleue"
    form: str = "demande-generale"
    request: Mapping[str, str | bool] = field(default_factory=dict)
    opinion: Mapping[str, str | bool] = field(default_factory=dict)


MERCIER_REQUEST: dict[str, str | bool] = {
    "motif": "Agitation vespérale et opposition aux soins depuis dix jours.",
    "question": "Quelle cause rechercher en premier, et comment adapter le traitement sans neuroleptique ?",
    "depuis": "Dix jours, deux épisodes d'agressivité lors des soins",
    "accord": True,
    "manifestations": "Cris en fin de journée, sommeil fragmenté, repas refusés un soir sur deux. Calme en présence de sa fille. Changement de chambre le 9 novembre.",
    "npi": "39 (17 le 2 septembre)",
    "algoplus": "3",
    "poids": "52,3 kg (54,1 kg il y a onze semaines)",
    "constantes": "PA 118/64 mmHg, pouls 88 /min, température 37,8 °C, SpO₂ 96 %",
    "antecedents": "Maladie d'Alzheimer diagnostiquée en 2021 (MMSE 17/30 en juin), hypertension artérielle, fibrillation atriale, incontinence urinaire.",
    "traitement": "Oxybutynine 5 mg matin et soir (depuis le 2 octobre), apixaban 2,5 mg × 2, ramipril 2,5 mg, bisoprolol 1,25 mg, mélatonine 2 mg.",
    "allergies": "Pénicilline (éruption, 1998)",
    "autonomie": "GIR 2",
}
BESNARD_REQUEST: dict[str, str | bool] = {
    "motif": "Plaie du talon droit qui ne cicatrise plus depuis trois semaines.",
    "question": "Faut-il déterger, et quel pansement poursuivre ?",
    "depuis": "Six semaines",
    "accord": True,
    "siege": "Talon droit, face postérieure",
    "dimensions": "32 × 21 mm, peu profonde",
    "aspect": "Fibrine sur près de la moitié, berges souples, exsudat modéré, pas d'odeur.",
    "douleur": "4/10 au changement de pansement",
    "pansement": "Hydrocellulaire tous les deux jours, décharge par coussin de gel.",
    "antecedents": "Diabète de type 2, artériopathie modérée.",
    "allergies": "Aucune connue",
}
TURPIN_OPINION: dict[str, str | bool] = {
    "tension": "126/70 mmHg",
    "vigilance": "normale",
    "constatations": "Patiente souriante, marche avec déambulateur, pas de douleur à la mobilisation.",
    "synthese": "Chutes répétées sur hypotension orthostatique, favorisée par l'association de deux antihypertenseurs.",
    "conduite": "1. Arrêter l'hydrochlorothiazide.\n2. Mesurer la tension couchée puis debout, matin et soir, 7 jours.\n3. Kinésithérapie d'équilibre, trois séances par semaine.",
    "orientation": "maintien",
    "reevaluation": "7j",
}

CASES = (
    Case("TLM-2026-0001", "MERCIER", "Jeanne, Louise", "F", date(1938, 3, 14), "Alençon (61001)", "238036100104253", QUALIFIED, Step.PLANNED, "ide.dubois", "dr.martin", "Gériatrie", "Trouble du comportement d'apparition récente", 0, SOON, 45, True, "MERCIER-AUBIN", form="demande-comportement", request=MERCIER_REQUEST),
    Case("TLM-2026-0002", "BESNARD", "Odette, Marie", "F", date(1939, 6, 2), "Argentan (61006)", "239066100600239", VALIDATED, Step.PLANNED, "ide.dubois", "dr.leroy", "Dermatologie", "Plaie chronique du talon", 1, time(9, 15), 30, room="salle-verte", form="demande-plaie", request=BESNARD_REQUEST),
    Case("TLM-2026-0003", "TURPIN", "Hélène", "F", date(1941, 1, 20), "Flers (61169)", "241016116900314", QUALIFIED, Step.CLOSED, "dr.petit", "dr.martin", "Gériatrie", "Chutes répétées", -3, time(9, 0), 45, request={"motif": "Trois chutes en un mois, sans traumatisme.", "question": "Faut-il revoir le traitement de la tension ?", "accord": True}, opinion=TURPIN_OPINION),
    Case("TLM-2026-0004", "LEBRETON", "Denise", "F", date(1934, 9, 8), "Sées (61464)", "234096146400176", RETRIEVED, Step.CANCELLED, "ide.dubois", "dr.martin", "Gériatrie", "Perte de poids", -5, time(10, 0), request={"motif": "Perte de 3 kg en deux mois.", "question": "Bilan à compléter ?"}),
    Case("TLM-2026-0005", "AUBRY", "Simone", "F", date(1933, 4, 30), "Alençon (61001)", "233046100100461", QUALIFIED, Step.OPINION_DUE, "ide.dubois", "dr.martin", "Gériatrie", "Douleur chronique mal soulagée", -1, time(16, 30), 30, request={"motif": "Douleurs lombaires, paracétamol insuffisant.", "question": "Quel palier, à quelle dose, à 93 ans ?", "accord": True}, opinion={"constatations": "Patiente vue assise, douleur 6/10 aux transferts.", "synthese": "Tassement vertébral ancien probable."}),
    Case("TLM-2026-0006", "GOSSELIN", "Andrée, Paule", "F", date(1942, 5, 11), "Mortagne-au-Perche (61293)", "242056129300293", QUALIFIED, Step.PLANNED, "dr.petit", "dr.martin", "Gériatrie", "Troubles du sommeil", 0, time(14, 0), 30, room="salle-verte", request={"motif": "Réveils toutes les deux heures depuis un mois.", "question": "Sevrer la benzodiazépine ?", "accord": True}),
    Case("TLM-2026-0007", "DELAUNAY", "Roger", "M", date(1947, 8, 19), "Domfront (61145)", "147086114500320", VALIDATED, Step.REQUESTED, "ide.dubois", "dr.martin", "Gériatrie", "Fièvre et confusion", None, urgent=True, request={"motif": "38,9 °C depuis hier, propos incohérents.", "question": "Hospitaliser ou traiter sur place ?", "accord": True}),
    Case("TLM-2026-0008", "CHRÉTIEN", "Paulette", "F", date(1945, 2, 3), "L'Aigle (61214)", "245026121400138", PROVISIONAL, Step.DRAFT, "ide.dubois", "dr.leroy", "Dermatologie", "Lésion du cuir chevelu", None, form="demande-plaie", request={"motif": "Croûte qui saigne depuis deux mois."}),
    Case("TLM-2026-0009", "LEFORT", "Marcel", "M", date(1935, 12, 1), "Courseulles (14191)", "135121419100277", QUALIFIED, Step.PLANNED, "ide.moreau", "dr.leroy", "Dermatologie", "Éruption prurigineuse", 0, time(11, 15), 30, room="salle-orange", form="demande-plaie", request={"motif": "Éruption du tronc depuis une semaine.", "question": "Isolement nécessaire ?", "accord": True}),
    Case("TLM-2026-0010", "COUSIN", "Bernard", "M", date(1943, 10, 27), "Caen (14118)", "143101411800495", VALIDATED, Step.PLANNED, "dr.petit", "dr.martin", "Gériatrie", "Refus alimentaire", 3, time(11, 0), 30, request={"motif": "Mange la moitié des repas depuis deux semaines.", "question": "Compléments, sonde, accompagnement ?", "accord": True}),
)  # fmt: skip


def add_cases(session: Session, people: Mapping[str, Professional], now: datetime) -> None:
    """Add every dossier with its forms. Closed ones are signed by `app.demo.seed`, through the real use case."""
    rooms = {room.slug: room.id for room in session.exec(select(Room))}
    for case in CASES:
        _add(session, case, people, rooms, now)


def _add(
    session: Session, case: Case, people: Mapping[str, Professional], rooms: Mapping[str, int | None], now: datetime
) -> None:
    requester = people[case.requester]
    first_name = case.first_names.split(",")[0]
    patient = Patient(
        birth_name=case.birth_name,
        first_names=case.first_names,
        used_name=case.used_name,
        used_first_name=first_name if case.used_name else "",
        sex=case.sex,
        birth_date=case.born,
        birth_place=case.place,
        ins=case.ins if case.status in (QUALIFIED, RETRIEVED) else "",
        ins_oid=TEST_INS if case.status in (QUALIFIED, RETRIEVED) else "",
        identity_status=case.status,
        structure_id=requester.structure_id or 0,
    )
    session.add(patient)
    session.flush()
    today = now.astimezone(PARIS).date()
    planned = None
    if case.days is not None:
        planned = datetime.combine(today + timedelta(days=case.days), case.at or _soon(now), PARIS)
    created = min(planned or now, now) - timedelta(days=2, hours=3)
    # A closed dossier waits for its opinion until the seed signs it.
    step = Step.OPINION_DUE if case.step is Step.CLOSED else case.step
    dossier = Dossier(
        number=case.number,
        patient_id=key(patient),
        structure_id=patient.structure_id,
        requester_id=key(requester),
        expert_id=people[case.expert].id,
        specialty=case.specialty,
        motive=case.motive,
        search_text=searchable(case.number, patient, case.motive),
        urgent=case.urgent,
        step=step,
        planned_at=planned,
        planned_minutes=case.minutes,
        planned_room_id=rooms[case.room] if planned else None,
        created_at=created,
    )
    session.add(dossier)
    session.flush()
    start_form(session, dossier, FormKind.REQUEST, case.form, created, case.request, requester)
    start_form(session, dossier, FormKind.OPINION, OPINION_QUESTIONNAIRE, created, case.opinion, people[case.expert])


def _soon(now: datetime) -> time:
    local = now.astimezone(PARIS)
    later = local + timedelta(minutes=20 - local.minute % 5)
    return later.time().replace(second=0, microsecond=0) if later.date() == local.date() else time(23, 55)
