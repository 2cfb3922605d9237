"""The analyses that care homes usually get, for results typed by hand: names, LOINC codes, units, bounds. Pure values.

A LOINC code holds for a unit: the same glucose is 14749-6 in mmol/L and 2345-7 in g/L (amount or mass of substance).
`plausible` is wide: beyond it a value is asked about (a slip of the comma, another unit), never refused.

Bounds stand here only where a source gives them for adults, and only as a proposal: those printed by the laboratory
come before them, since they depend on its method.
- NORIP: Rustad et al., « The Nordic Reference Interval Project 2000 », Scand J Clin Lab Invest 2004;64:271-284.
- CRM 470: Dati et al., Eur J Clin Chem Clin Biochem 1996;34:517-520 (C-reactive protein).
- OMS: « Guideline on haemoglobin cutoffs to define anaemia », 2024 (adults, not pregnant).
- KDIGO: « Clinical Practice Guideline for … Chronic Kidney Disease », 2024 (below 60: category G3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from app.documents.laboratory_results import unit as french_unit
from app.french import folded

Span = tuple[float | None, float | None]
NO_SPAN: Span = (None, None)
NORIP, CRM_470, OMS, KDIGO = "NORIP 2004", "CRM 470, 1996", "OMS 2024", "KDIGO 2024"


@dataclass(frozen=True)
class Bounds:
    """Usual bounds for women and for men, and who says so."""

    female: Span
    male: Span
    source: str

    def of(self, sex: str) -> Span:
        """For « F » or « M »; nobody else's sex is guessed, unless both have the same."""
        if self.female == self.male:
            return self.female
        return {"F": self.female, "M": self.male}.get(sex, NO_SPAN)


@dataclass(frozen=True)
class Measure:
    """An analysis in one unit: as French readers write it, as UCUM does, its LOINC code, plausible values."""

    unit: str
    ucum: str
    loinc: str
    plausible: tuple[float, float]
    bounds: Bounds | None = None


@dataclass(frozen=True)
class Usual:
    """An analysis people choose by one of its names; the first measure is the usual one in France."""

    name: str
    measures: tuple[Measure, ...]
    other_names: tuple[str, ...] = field(default=())

    def measure(self, unit: str) -> Measure | None:
        return next((one for one in self.measures if one.unit == unit), None)


def _both(low: float | None, high: float | None, source: str) -> Bounds:
    return Bounds((low, high), (low, high), source)


USUAL = (
    Usual("Sodium", (Measure("mmol/L", "mmol/L", "2951-2", (90, 200), _both(137, 145, NORIP)),), ("Natrémie", "Na")),
    Usual("Potassium", (Measure("mmol/L", "mmol/L", "2823-3", (1, 12), _both(3.6, 4.6, NORIP)),), ("Kaliémie", "K")),
    Usual("Chlorures", (Measure("mmol/L", "mmol/L", "2075-0", (50, 160)),), ("Chlore", "Chlorémie", "Cl")),
    Usual("Bicarbonates", (Measure("mmol/L", "mmol/L", "1963-8", (3, 60)),), ("Réserve alcaline", "HCO3")),
    Usual(
        "Urée",
        (
            Measure("mmol/L", "mmol/L", "22664-7", (0.5, 100), Bounds((3.1, 7.9), (3.5, 8.1), NORIP)),
            Measure("g/L", "g/L", "3091-6", (0.03, 6)),
        ),
    ),
    Usual(
        "Créatinine",
        (
            Measure("µmol/L", "umol/L", "14682-9", (10, 2500), Bounds((50, 90), (60, 100), NORIP)),
            Measure("mg/L", "mg/L", "2160-0", (1, 280)),
        ),
        ("Créatininémie",),
    ),
    Usual(
        "DFG estimé (CKD-EPI)",
        (Measure("mL/min/1,73 m²", "mL/min/{1.73_m2}", "62238-1", (1, 200), _both(60, None, KDIGO)),),
        ("DFG", "Débit de filtration glomérulaire", "Clairance"),
    ),
    Usual("C-réactive protéine", (Measure("mg/L", "mg/L", "1988-5", (0, 700), _both(None, 5, CRM_470)),), ("CRP",)),
    Usual(
        "Glucose",
        (Measure("mmol/L", "mmol/L", "14749-6", (0.5, 80)), Measure("g/L", "g/L", "2345-7", (0.1, 14))),
        ("Glycémie",),
    ),
    Usual("Hémoglobine A1c", (Measure("%", "%", "4548-4", (3, 20)),), ("HbA1c", "Hémoglobine glyquée")),
    Usual(
        "Hémoglobine",
        (
            Measure("g/dL", "g/dL", "718-7", (2, 25), Bounds((12, None), (13, None), OMS)),
            Measure("g/L", "g/L", "718-7", (20, 250), Bounds((120, None), (130, None), OMS)),
        ),
        ("Hb",),
    ),
    Usual("Hématocrite", (Measure("%", "%", "4544-3", (8, 75)),)),
    Usual("VGM", (Measure("fL", "fL", "787-2", (45, 160)),), ("Volume globulaire moyen",)),
    Usual("Leucocytes", (Measure("G/L", "10*9/L", "6690-2", (0.1, 400)),), ("Globules blancs", "GB")),
    Usual("Plaquettes", (Measure("G/L", "10*9/L", "777-3", (2, 2500)),), ("Thrombocytes",)),
    Usual("Albumine", (Measure("g/L", "g/L", "1751-7", (8, 70)),), ("Albuminémie", "Sérumalbumine")),
    Usual("Protéines totales", (Measure("g/L", "g/L", "2885-2", (20, 150)),), ("Protidémie", "Protides")),
    Usual(
        "Calcium",
        (
            Measure("mmol/L", "mmol/L", "2000-8", (0.8, 5), _both(2.15, 2.51, NORIP)),
            Measure("mg/L", "mg/L", "17861-6", (32, 200)),
        ),
        ("Calcémie", "Ca"),
    ),
    Usual("Phosphates", (Measure("mmol/L", "mmol/L", "14879-1", (0.1, 6)),), ("Phosphore", "Phosphatémie")),
    Usual(
        "Magnésium", (Measure("mmol/L", "mmol/L", "2601-3", (0.1, 4), _both(0.71, 0.94, NORIP)),), ("Magnésémie", "Mg")
    ),
    Usual("Acide urique", (Measure("µmol/L", "umol/L", "14933-6", (20, 1800)),), ("Uricémie", "Urates")),
    Usual("ASAT", (Measure("U/L", "U/L", "1920-8", (3, 15000), Bounds((15, 35), (15, 45), NORIP)),), ("TGO", "AST")),
    Usual("ALAT", (Measure("U/L", "U/L", "1742-6", (3, 15000), Bounds((10, 45), (10, 70), NORIP)),), ("TGP", "ALT")),
    Usual("Gamma-GT", (Measure("U/L", "U/L", "2324-2", (2, 5000), Bounds((10, 75), (15, 115), NORIP)),), ("GGT",)),
    Usual(
        "Phosphatases alcalines", (Measure("U/L", "U/L", "6768-6", (10, 5000), _both(35, 105, NORIP)),), ("PAL", "ALP")
    ),
    Usual("Bilirubine totale", (Measure("µmol/L", "umol/L", "14631-6", (1, 900), _both(5, 25, NORIP)),)),
    Usual("CPK", (Measure("U/L", "U/L", "2157-6", (5, 200000)),), ("Créatine kinase", "CK")),
    Usual("TSH", (Measure("mUI/L", "m[IU]/L", "3016-3", (0.001, 300)),), ("Thyréostimuline",)),
    Usual("Ferritine", (Measure("µg/L", "ug/L", "2276-4", (1, 20000)),)),
    Usual("Vitamine B12", (Measure("ng/L", "ng/L", "2132-9", (30, 4000)),)),
    Usual("INR", (Measure("", "1", "6301-6", (0.6, 15)),)),
    Usual("NT-proBNP", (Measure("ng/L", "ng/L", "33762-6", (5, 100000)),)),
    Usual("Lithium", (Measure("mmol/L", "mmol/L", "14334-7", (0.05, 6)),), ("Lithémie",)),
)  # fmt: skip

_BY_NAME: Mapping[str, Usual] = MappingProxyType(
    {folded(name): usual for usual in USUAL for name in (usual.name, *usual.other_names)}
)


def usual_of(name: str) -> Usual | None:
    """The analysis of this name, whatever its accents and capitals; nothing for one that is not in the list."""
    return _BY_NAME.get(" ".join(folded(name).split()))


def written_unit(text: str) -> str:
    """A typed unit as it is compared and kept: « mmol/l » is « mmol/L », « 10^9/L » is « G/L »."""
    return french_unit(text)
