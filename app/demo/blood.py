"""Six blood tests of Mme MERCIER as HL7 v2 ORU^R01 messages: sodium falls, inflammation rises."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

DAYS_BEFORE = (181, 122, 76, 33, 12, 3)
# LOINC code, name, unit, reference, six values
ANALYSES = (
    ("2951-2", "Sodium", "mmol/L", "136-145", (139, 138, 137, 135, 132, 128)),
    ("2823-3", "Potassium", "mmol/L", "3,5-5,1", (4.2, 4.1, 4.3, 4.4, 4.6, 4.8)),
    ("1988-5", "C-réactive protéine", "mg/L", "<5", (3, 4, 3, 6, 38, 64)),
    ("14682-9", "Créatinine", "µmol/L", "45-84", (78, 80, 83, 86, 91, 96)),
    ("718-7", "Hémoglobine", "g/dL", "12-16", (12.9, 12.8, 12.6, 12.4, 12.1, 11.8)),
    ("6690-2", "Leucocytes", "G/L", "4-10", (6.1, 5.8, 6.4, 7.2, 10.8, 12.3)),
    ("1751-7", "Albumine", "g/L", "35-50", (38, 37, 37, 36, 34, 33)),
    ("14749-6", "Glucose", "mmol/L", "3,9-6,1", (5.2, 5.4, 5.1, 5.3, 5.9, 5.6)),
    ("3016-3", "TSH", "mUI/L", "0,4-4,0", (2.1, 2.0, 2.3, 2.2, 2.4, 2.2)),
)
CRITICAL: dict[tuple[str, float], str] = {("2951-2", 128): "LL"}


def blood_tests(today: date) -> bytes:
    """Messages in Latin-1, segments ended by carriage returns, as laboratories send them."""
    messages = [_message(today - timedelta(days=days), index) for index, days in enumerate(DAYS_BEFORE)]
    return "\r".join(messages).encode("latin-1")


def _message(day: date, index: int) -> str:
    taken = datetime.combine(day, time(8, 15)).strftime("%Y%m%d%H%M%S")
    segments = [
        f"MSH|^~\\&|ORNEBIO|LABO|TELEDOSSIER|TILLEULS|{taken}||ORU^R01|DEMO{index:04d}|P|2.5|||||FRA|8859/1",
        "PID|1||DEMO0001^^^TILLEULS||MERCIER^JEANNE||19380314|F",
        f"OBR|1||LAB{index:04d}|24323-8^Bilan^LN|||{taken}",
    ]
    for number, (code, name, unit, reference, values) in enumerate(ANALYSES, start=1):
        value = values[index]
        flag = CRITICAL.get((code, value), _flag(value, reference))
        segments.append(f"OBX|{number}|NM|{code}^{name}^LN||{value}|{unit}|{reference}|{flag}|||F|||{taken}")
    return "\r".join(segments)


def _flag(value: float, reference: str) -> str:
    numbers = [float(part.replace(",", ".")) for part in reference.lstrip("<").split("-")]
    high = numbers[-1]
    if value > high:
        return "H"
    return "L" if len(numbers) == 2 and value < numbers[0] else "N"
