"""What a laboratory result is, and what the readers of all formats share: limits, refusals, numbers, units, flags.

Pure values and functions. The readers run in a rendering process; a `Result` is what comes back from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from app.errors import FileRefused
from app.french import PARIS

MOST_BYTES = 20_000_000
MOST_RESULTS = 5000
MOST_PARTS = 500_000  # objects and lists of a JSON, elements of an XML: some fifty per result, and to spare
LARGEST_VALUE = 1e9
LONGEST_CODE, LONGEST_NAME, LONGEST_UNIT, LONGEST_COMMENT = 40, 80, 20, 200
LONGEST_LINE, LONGEST_NUMBER, LONGEST_RANGE = 1000, 40, 100  # more is neither; patterns never meet it
FIRST_YEAR, LAST_YEAR = 1900, 2200
LOINC = "LN"  # as HL7 v2 calls it (table 0396)
LOINC_OID = "2.16.840.1.113883.6.1"
LOINC_URL = "http://loinc.org"

FLAGS = ("N", "H", "L", "HH", "LL")
# What v3 ObservationInterpretation adds to table 0078: significantly high or low, beyond what the device measures.
OTHER_FLAGS = {"HU": "H", "LU": "L", ">": "H", "<": "L"}
# What UCUM writes, and what a French reader expects.
UNITS = {
    "10*9/L": "G/L",
    "10^9/L": "G/L",
    "Giga/L": "G/L",
    "10*12/L": "T/L",
    "10^12/L": "T/L",
    "Tera/L": "T/L",
    "mL/min/{1.73_m2}": "mL/min/1,73 m²",
    "mm[Hg]": "mmHg",
    "Cel": "°C",
    "1": "",
}

_NUMBER = r"[-+]?\d{1,9}(?:[.,]\d{1,12})?"
MEASURED = re.compile(rf"\s*([<>≤≥]?)=?\s*({_NUMBER})\s*")
BETWEEN = re.compile(rf"\s*({_NUMBER})\s*(?:-|–|à|;)\s*({_NUMBER})\s*")
BELOW = re.compile(rf"\s*(?:<=?|≤|inf\.? à)\s*({_NUMBER})\s*")
ABOVE = re.compile(rf"\s*(?:>=?|≥|sup\.? à)\s*({_NUMBER})\s*")
STAMP = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?(?:\.\d{1,6})?(?:([+-])(\d{2})(\d{2}))?")

ASK_AGAIN = "Demandez au laboratoire de les exporter de nouveau (HL7, FHIR ou CDA), ou ajoutez le compte rendu en PDF."
PDF_INSTEAD = "Ajoutez le document en PDF."
BROKEN = f"ces résultats de biologie ne se lisent pas. {ASK_AGAIN}"
TOO_DEEP = f"ces résultats de biologie sont imbriqués à l'excès et ne se lisent pas. {ASK_AGAIN}"
NOTHING = "il ne contient aucun résultat chiffré. Ajoutez le compte rendu en PDF."
NO_DATE = "un de ses résultats n'a pas de date de prélèvement. Demandez au laboratoire de l'exporter de nouveau."
TOO_MANY = f"il contient plus de {MOST_RESULTS} résultats. Demandez au laboratoire un export plus court."
TOO_MANY_PARTS = "il contient trop d'éléments pour se lire. Demandez au laboratoire un export plus court."
TOO_LARGE = "il dépasse 20 Mo. Demandez au laboratoire un export plus court."
SEVERAL_PEOPLE = (
    "il contient les résultats de plusieurs personnes. "
    "Demandez au laboratoire un export de ce résident seul, puis ajoutez-le."
)


@dataclass(frozen=True)
class Result:
    """One measured value. `low` and `high` are the reference range; `flag` is N, H, L, HH or LL.

    `at` is when the sample was taken; `comparator` is « < » or « > » where the value is only a limit; `comment` is the
    laboratory's own remark on this value (« sérum hémolysé »).
    """

    code: str
    name: str
    at: datetime
    value: float
    unit: str
    low: float | None
    high: float | None
    flag: str
    comparator: str = ""
    comment: str = ""


@dataclass(frozen=True)
class Value:
    """A measured number as it is written: `comparator` « < » or « > » where it is only a limit."""

    comparator: str
    number: float
    unit: str = ""


class Found:
    """The results of a file while it is read: the later one of an analysis and a time replaces the earlier one.

    Only what is provisional never replaces what is final, whatever their order.
    """

    def __init__(self) -> None:
        self._results: dict[tuple[str, datetime], tuple[Result, bool]] = {}

    def add(self, result: Result, *, provisional: bool = False) -> None:
        """Raises: FileRefused, when there are too many."""
        key = result.code, result.at
        if provisional and key in self._results and not self._results[key][1]:
            return
        self._results[key] = result, provisional
        if len(self._results) > MOST_RESULTS:
            raise FileRefused(TOO_MANY)

    def results(self) -> list[Result]:
        return [result for result, _provisional in self._results.values()]


def result(
    code: str,
    name: str,
    at: datetime,
    value: Value,
    span: tuple[float | None, float | None] = (None, None),
    given_flag: str = "",
    comment: str = "",
) -> Result:
    """A result out of what a format says: one line each, of bounded length; a code or a name is there."""
    low, high = span
    return Result(
        code=(code or name)[:LONGEST_CODE],
        name=(name or code)[:LONGEST_NAME],
        at=at,
        value=value.number,
        unit=value.unit,
        low=low,
        high=high,
        flag=flag(given_flag, value, low, high),
        comparator=value.comparator,
        comment=comment[:LONGEST_COMMENT],
    )


def measured(text: str, written_unit: str = "") -> Value | None:
    """« 128 », « 3,5 », « < 5 »; nothing for anything else."""
    found = MEASURED.fullmatch(text.strip()[:LONGEST_NUMBER])
    if found is None or len(text.strip()) > LONGEST_NUMBER:
        return None
    return Value({"≤": "<", "≥": ">"}.get(found[1], found[1]), number(found[2]), unit(written_unit))


def number(text: str) -> float:
    """A number with a point or a comma. Raises: ValueError."""
    return float(text.replace(",", "."))


def reference_range(text: str) -> tuple[float | None, float | None]:
    """« 12-16 », « <5 », « 3,5 - 5,1 » as numbers; a text that is no range gives none."""
    if len(text) > LONGEST_RANGE:
        return None, None
    if found := BETWEEN.fullmatch(text):
        return ordered(number(found[1]), number(found[2]))
    if found := BELOW.fullmatch(text):
        return None, number(found[1])
    if found := ABOVE.fullmatch(text):
        return number(found[1]), None
    return None, None


def ordered(low: float | None, high: float | None) -> tuple[float | None, float | None]:
    """A range, or none where its ends are the wrong way round."""
    return (None, None) if low is not None and high is not None and low > high else (low, high)


def range_in(text: str, written_unit: str) -> tuple[float | None, float | None]:
    """A range in words that may end with the unit: « 136 - 145 mmol/L »."""
    return reference_range(text.strip().removesuffix(written_unit.strip()))


def flag(given: str, value: Value, low: float | None, high: float | None) -> str:
    """What the laboratory says, and otherwise what follows from the range; « AA » makes that critical.

    A limit is only judged where all that it allows lies on one side: « < 200 » says nothing about 136 – 145.
    """
    given = given.strip().upper()
    if given in FLAGS:
        return given
    if given in OTHER_FLAGS:
        return OTHER_FLAGS[given]
    measure, limit = value.number, value.comparator
    is_high = high is not None and limit != "<" and (measure > high or (limit == ">" and measure == high))
    is_low = low is not None and limit != ">" and (measure < low or (limit == "<" and measure == low))
    derived = "H" if is_high else "L" if is_low else "N"
    return derived * 2 if given == "AA" and derived != "N" else derived


def unit(text: str) -> str:
    """A unit as French readers write it, the same for all who mean the same: « umol/l » is « µmol/L »."""
    text = line(text).replace("\u03bc", "µ")
    text = re.sub(r"(?<=/)([dcmµun]?)l\b", r"\1L", text)
    if text in UNITS:
        return UNITS[text]
    text = text.replace("[IU]", "UI").replace("[iU]", "UI").translate({ord("{"): "", ord("}"): ""})
    return re.sub(r"(?:^|(?<=/))u(?=(?:mol|g|L|m|UI|U)\b)", "µ", text)[:LONGEST_UNIT]


def line(text: str) -> str:
    """One line of printable text, of bounded length."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text[:LONGEST_LINE]).split())


def moment(
    year: int, month: int, day: int, hour: int, minute: int, second: int, offset: tuple[str, int, int] | None
) -> datetime:
    """An instant; without an offset (sign, hours, minutes) it is the time in Paris.

    Raises: ValueError for a day that does not exist, or that no sample was taken on.
    """
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError("year")
    zone: Any = PARIS
    if offset is not None:
        sign, hours, minutes = offset
        away = timedelta(hours=hours, minutes=minutes)
        zone = timezone(-away if sign == "-" else away)
    return datetime(year, month, day, hour, minute, second, tzinfo=zone)


def stamp(text: str) -> datetime:
    """« 20261120081500+0100 », as HL7 v2 and CDA write time, at least to the day.

    Raises: FileRefused (no such text), ValueError (no such day).
    """
    found = STAMP.match(text)
    if found is None:
        raise FileRefused(NO_DATE)
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    offset = (found[7], int(found[8]), int(found[9])) if found[7] else None
    return moment(year, month, day, hour, minute, second, offset)
