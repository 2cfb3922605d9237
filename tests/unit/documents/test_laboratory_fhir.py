"""Reading FHIR: what laboratories send as Bundle, DiagnosticReport or Observation, and what is left out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from app.documents import laboratory_fhir, laboratory_results
from app.documents.laboratory import Result, read_results
from app.errors import FileRefused
from app.french import PARIS
from tests.unit.documents.laboratory_samples import (
    LOINC,
    PATIENT,
    bundle,
    fhir,
    interpretation,
    observation,
    quantity,
)

TAKEN = datetime(2026, 11, 20, 8, 15, tzinfo=PARIS)


def only(resource: Any) -> Result:
    (result,) = read_results(fhir(resource))
    return result


def reason(resource: Any) -> str:
    with pytest.raises(FileRefused) as refused:
        read_results(fhir(resource))
    return refused.value.reason


def test_a_single_observation_has_its_range_its_flag_and_its_time_in_paris() -> None:
    result = only(observation(interpretation=interpretation("LL")))
    assert result == Result("2951-2", "Sodium", TAKEN, 128.0, "mmol/L", 136.0, 145.0, "LL")


def test_a_report_gives_its_contained_observations() -> None:
    contained = [observation(id="a"), observation("2823-3", "Potassium", id="b")]
    report = {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "contained": contained,
        "result": [{"reference": "#a"}, {"reference": "#b"}],
    }
    assert {result.name for result in read_results(fhir(report))} == {"Sodium", "Potassium"}


@pytest.mark.parametrize("kind", ["collection", "document", "message", "transaction", "batch", "searchset"])
def test_a_bundle_of_any_kind_is_read_and_what_else_it_holds_is_not(kind: str) -> None:
    assert only(bundle(PATIENT, {"resourceType": "Composition"}, observation(), kind=kind)).value == 128


def test_a_bundle_in_a_bundle_is_read() -> None:
    assert only(bundle(bundle(observation()))).value == 128


@pytest.mark.parametrize(
    ("member", "at"),
    [
        ({"effectiveDateTime": "2026-11-20T07:15:00Z"}, TAKEN),
        ({"effectiveDateTime": "2026-11-20T08:15:00.123+0100"}, TAKEN),
        ({"effectiveDateTime": "2026-11-20T08:15"}, TAKEN),
        ({"effectiveDateTime": "2026-11-20"}, datetime(2026, 11, 20, tzinfo=PARIS)),
        ({"effectiveInstant": "2026-11-20T08:15:00+01:00"}, TAKEN),
        ({"effectivePeriod": {"start": "2026-11-20T08:15:00+01:00", "end": "2026-11-21"}}, TAKEN),
        ({"effectivePeriod": {"end": "2026-11-20T08:15:00+01:00"}}, TAKEN),
        ({"effectiveTiming": {"event": ["2026-11-20T08:15:00+01:00"]}}, TAKEN),
    ],
)
def test_time_may_be_written_in_each_way_of_fhir(member: dict[str, Any], at: datetime) -> None:
    assert only(observation(**{"effectiveDateTime": None, **member})).at == at


def test_the_sample_s_time_counts_before_the_result_s() -> None:
    specimen = {
        "resourceType": "Specimen",
        "id": "s",
        "collection": {"collectedDateTime": "2026-11-20T08:15:00+01:00"},
    }
    later = observation(effectiveDateTime="2026-11-20T13:19:00+01:00", specimen={"reference": "Specimen/s"})
    assert only(bundle(specimen, later)).at == TAKEN
    assert only(later).at == datetime(2026, 11, 20, 12, 19, tzinfo=UTC)  # the sample is not in the file


def test_the_report_s_or_panel_s_time_stands_in_for_the_result_s() -> None:
    bare = observation(effectiveDateTime=None)
    report = {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "effectiveDateTime": "2026-11-20T08:15:00+01:00",
        "result": [{"reference": "Observation/obs-2951-2"}],
    }
    panel = observation("24323-8", "Bilan", valueQuantity=None, hasMember=report["result"])
    assert only(bundle(report, bare)).at == TAKEN
    assert only(bundle(bare, panel)).at == TAKEN


def test_a_component_is_a_result_of_its_own() -> None:
    parts = [
        {
            "code": {"coding": [{"system": LOINC, "code": "8480-6"}], "text": "A"},
            "valueQuantity": quantity(12, "g/L"),
        },
        {"code": {"text": "B"}, "valueQuantity": quantity(3, "g/L"), "interpretation": interpretation("H")},
        {"code": {"text": "C"}, "dataAbsentReason": {"text": "hémolysé"}},
    ]
    results = read_results(fhir(observation(valueQuantity=None, component=parts)))
    assert [(r.code, r.name, r.value, r.flag) for r in results] == [("8480-6", "A", 12, "N"), ("B", "B", 3, "H")]


@pytest.mark.parametrize(
    ("member", "value", "comparator", "unit"),
    [
        ({"valueQuantity": quantity(5, "mg/L", comparator="<")}, 5, "<", "mg/L"),
        ({"valueQuantity": quantity(300, "mg/L", comparator=">=")}, 300, ">", "mg/L"),
        ({"valueQuantity": quantity("3,5", "mmol/L")}, 3.5, "", "mmol/L"),
        ({"valueQuantity": quantity("< 5", "mg/L")}, 5, "<", "mg/L"),
        ({"valueQuantity": quantity(1.28e2, "mmol/l")}, 128, "", "mmol/L"),
        ({"valueQuantity": {"value": 98, "unit": "µmol/L", "code": "umol/L"}}, 98, "", "µmol/L"),
        ({"valueQuantity": quantity(6.1, "Giga/L", code="10*9/L")}, 6.1, "", "G/L"),
        ({"valueQuantity": quantity(2.1, "x", code="m[IU]/L")}, 2.1, "", "mUI/L"),
        ({"valueQuantity": quantity(61, "x", code="mL/min/{1.73_m2}")}, 61, "", "mL/min/1,73 m²"),
        ({"valueQuantity": quantity(2.4, "x", code="{INR}")}, 2.4, "", "INR"),
        ({"valueInteger": 7}, 7, "", ""),
        ({"valueString": "<5"}, 5, "<", ""),
    ],
)
def test_values_and_units_are_read_as_they_are_written(
    member: dict[str, Any], value: float, comparator: str, unit: str
) -> None:
    result = only(observation(**{"valueQuantity": None, "referenceRange": None, **member}))
    assert (result.value, result.comparator, result.unit) == (value, comparator, unit)


@pytest.mark.parametrize(
    ("ranges", "low", "high"),
    [
        ([{"low": {"value": 136}, "high": {"value": 145}}], 136, 145),
        ([{"high": {"value": 5}}], None, 5),
        ([{"text": "136 - 145 mmol/L"}], 136, 145),
        ([{"text": "3,5 à 5,1"}], 3.5, 5.1),
        ([{"text": "négatif"}], None, None),
        ([{"low": {"value": 145}, "high": {"value": 136}}], None, None),
        ([{"low": quantity(3, "g/L"), "high": quantity(4, "g/L")}], None, None),  # in another unit
        ([{"text": "1-2"}, {"text": "3-4"}], None, None),  # of women and of men: not for us to choose
        (
            [
                {"text": "1-2", "type": {"coding": [{"code": "therapeutic"}]}},
                {"text": "3-4", "type": {"coding": [{"code": "normal"}]}},
            ],
            3,
            4,
        ),
        ({"text": "136-145"}, 136, 145),  # no list
        ("136-145", None, None),
    ],
)
def test_a_range_counts_when_it_is_one_and_in_the_value_s_unit(
    ranges: Any, low: float | None, high: float | None
) -> None:
    result = only(observation(referenceRange=ranges))
    assert (result.low, result.high) == (low, high)


@pytest.mark.parametrize(
    ("told", "value", "flag"),
    [
        ("H", 140, "H"),
        ("hh", 140, "HH"),
        ("LU", 140, "L"),
        (">", 140, "H"),
        ("A", 128, "L"),
        ("AA", 128, "LL"),
        ("AA", 150, "HH"),
        ("", 128, "L"),
    ],
)
def test_the_laboratory_s_interpretation_counts_before_the_range(told: str, value: float, flag: str) -> None:
    one = observation(interpretation=interpretation(told), valueQuantity=quantity(value, "mmol/L"))
    assert only(one).flag == flag


@pytest.mark.parametrize(
    ("comparator", "value", "flag"), [("<", 136, "L"), ("<", 200, "N"), (">", 145, "H"), (">", 100, "N")]
)
def test_a_limit_is_judged_only_where_all_it_allows_is_out_of_range(comparator: str, value: float, flag: str) -> None:
    assert only(observation(valueQuantity=quantity(value, "mmol/L", comparator=comparator))).flag == flag


def test_the_laboratory_s_words_and_loinc_s_code_are_kept() -> None:
    codings = [{"system": "urn:labo", "code": "NA"}, {"system": LOINC, "code": "2951-2", "display": "Sodium [Moles]"}]
    result = only(observation(code={"coding": codings, "text": "Natrémie"}))
    assert (result.code, result.name) == ("2951-2", "Natrémie")
    assert only(observation(code={"coding": codings})).name == "Sodium [Moles]"
    assert only(observation(code={"text": "Natrémie\n\u0007" + "x" * 200})).name == "Natrémie " + "x" * 71


LEFT_OUT: dict[str, dict[str, Any]] = {
    "withdrawn": {"status": "entered-in-error"},
    "cancelled": {"status": "cancelled"},
    "not made yet": {"status": "registered"},
    "of an unknown status": {"status": "unknown"},
    "a status that is no text": {"status": ["final"]},
    "without a value": {"dataAbsentReason": {"text": "hémolysé"}},
    "in words": {"valueQuantity": None, "valueString": "positif"},
    "coded": {"valueQuantity": None, "valueCodeableConcept": {"text": "positif"}},
    "a dose (R5)": {"valueQuantity": quantity(5, "mg/L", comparator="ad")},
    "a comparator that is none": {"valueQuantity": quantity(5, "mg/L", comparator=["<"])},
    "no number": {"valueQuantity": quantity([128], "mmol/L")},
    "a truth": {"valueQuantity": quantity(True, "mmol/L")},
    "huge": {"valueQuantity": quantity(1e300, "mmol/L")},
    "a text for a quantity": {"valueQuantity": "128"},
    "without a name": {"code": {"coding": [{"system": LOINC}]}},
    "a vital sign": {
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                        "code": "vital-signs",
                    }
                ]
            }
        ]
    },
    "of a device": {"subject": {"reference": "Device/automate"}},
    "of somebody else": {"focus": [{"reference": "Patient/p2"}]},
}


@pytest.mark.parametrize("what", LEFT_OUT)
def test_what_is_no_result_of_this_person_is_left_out(what: str) -> None:
    left_out = observation("9-9", "Autre", **LEFT_OUT[what])
    assert only(bundle(observation(), left_out)).name == "Sodium"
    assert reason(left_out) == laboratory_results.NOTHING


def test_what_a_withdrawn_report_holds_is_left_out() -> None:
    linked = {"status": "entered-in-error", "result": [{"reference": "urn:uuid:1"}]}
    assert reason(bundle({"resourceType": "DiagnosticReport", **linked}, observation())) == laboratory_results.NOTHING
    contained = {"status": "cancelled", "contained": [observation()]}
    assert reason({"resourceType": "DiagnosticReport", **contained}) == laboratory_results.NOTHING


def test_a_corrected_value_replaces_the_first_and_a_provisional_one_replaces_nothing() -> None:
    corrected = observation(status="corrected", valueQuantity=quantity(138, "mmol/L"))
    provisional = observation(status="preliminary", valueQuantity=quantity(99, "mmol/L"))
    assert only(bundle(observation(), corrected, provisional)).value == 138
    assert only(bundle(provisional, observation())).value == 128
    assert only(provisional).value == 99


# ---- what is refused


def test_the_results_of_two_people_are_refused_together() -> None:
    other = observation("2823-3", "Potassium", subject={"reference": "Patient/p2"})
    assert reason(bundle(observation(), other)) == laboratory_results.SEVERAL_PEOPLE
    by_number = [
        observation(code, subject={"identifier": {"system": "urn:ins", "value": code}}) for code in ("1-1", "2-2")
    ]
    assert reason(bundle(*by_number)) == laboratory_results.SEVERAL_PEOPLE


def test_one_person_may_be_named_in_several_ways() -> None:
    others = [
        observation("1-1", subject={"reference": "urn:uuid:0"}),
        observation("2-2", subject={"reference": "Patient/p1/_history/3"}),
        observation("3-3", subject={"identifier": {"value": "42"}}),
        observation("4-4", subject=None),
    ]
    assert len(read_results(fhir(bundle(PATIENT, observation(), *others)))) == 5


@pytest.mark.parametrize("resource", [PATIENT, {"resourceType": 3}, {"resourceType": "Questionnaire"}])
def test_another_resource_is_refused(resource: dict[str, Any]) -> None:
    assert reason(resource) == laboratory_fhir.NOT_RESULTS


def test_a_server_s_history_is_refused() -> None:
    assert reason(bundle(observation(), kind="history")) == laboratory_fhir.HISTORY


@pytest.mark.parametrize("written", [None, "", "2026", "2026-11", "hier", 20261120, {"value": "2026-11-20"}])
def test_a_result_without_a_day_is_refused(written: Any) -> None:
    assert reason(observation(effectiveDateTime=written)) == laboratory_results.NO_DATE


@pytest.mark.parametrize("written", ["2026-02-30", "2026-11-20T25:00:00Z", "0001-01-01", "2026-11-20T08:15:00+99:00"])
def test_an_impossible_day_is_refused(written: str) -> None:
    assert reason(observation(effectiveDateTime=written)) == laboratory_results.BROKEN
