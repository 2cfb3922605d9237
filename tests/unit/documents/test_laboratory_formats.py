"""Three formats, one result: told apart by content, equal where the analysis is, and none of them does harm."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.documents import (
    gate,
    laboratory,
    laboratory_cda,
    laboratory_fhir,
    laboratory_results,
    laboratory_xml,
    rendering_frames,
    service,
    viewing,
)
from app.documents.laboratory import Format, format_of, read_results
from app.documents.models import DocumentKind
from app.documents.rendering import RendererPool
from app.errors import FileRefused
from components.lab_trends.contract import LabResult, analyses_of
from tests.support.people import small_world
from tests.unit.documents.laboratory_samples import CDA, FHIR, HL7, SODIUM, bundle, cda, fhir, observation

ALL = {Format.HL7: HL7, Format.FHIR: FHIR, Format.CDA: CDA}
PATIENT_TRAITS = ("MERCIER", "JEANNE", "1938", "p1", "42")


def reason(content: bytes, name: str = "biologie") -> str:
    """Why the gate refuses a file; whatever the reason, it says nothing of the patient."""
    with pytest.raises(FileRefused) as refused:
        gate.inspect(content, name)
    assert refused.value.reason.endswith(".")
    assert not any(trait in refused.value.reason for trait in PATIENT_TRAITS)
    return refused.value.reason


# ---- one result


@pytest.mark.parametrize("written", [Format.FHIR, Format.CDA])
def test_the_same_analyses_are_the_same_results_in_each_format(written: Format) -> None:
    assert read_results(ALL[written]) == read_results(HL7)
    assert [(r.code, r.value, r.comparator, r.unit, r.flag) for r in read_results(HL7)] == [
        ("2951-2", 128, "", "mmol/L", "LL"),
        ("1988-5", 5, "<", "mg/L", "N"),
        ("6690-2", 12.3, "", "G/L", "H"),
    ]


def test_values_of_several_formats_join_in_one_curve() -> None:
    results = [
        LabResult(r.code, r.name, r.at.replace(tzinfo=None) + timedelta(days=day), r.value, r.unit, r.low, r.high, r.flag)
        for day, content in enumerate(ALL.values())
        for r in read_results(content)
    ]  # fmt: skip
    analyses = analyses_of(results)
    assert [(one.name, len(one.results)) for one in analyses] == [
        ("Sodium", 3),
        ("Leucocytes", 3),
        ("C-réactive protéine", 3),
    ]


@pytest.mark.parametrize("written", ALL)
def test_results_cross_from_the_rendering_process(written: Format) -> None:
    line = io.BytesIO()
    rendering_frames.send_answer(line, "value", read_results(ALL[written]))
    line.seek(0)
    assert rendering_frames.receive_answer(line) == ("value", read_results(HL7))


async def test_files_of_three_formats_are_kept_in_one_dossier_and_shown_alike() -> None:
    world = small_world()
    for written, name in ((Format.HL7, "un.hl7"), (Format.FHIR, "deux"), (Format.CDA, "trois.xml")):
        view = await service.add(
            world.platform, world.people["ide.dubois"], "TLM-2026-0001", name, iter([ALL[written]])
        )
        assert (view.kind, view.media_type) == (DocumentKind.LABORATORY, written.value)
        assert await viewing.laboratory_results(
            world.platform, world.people["dr.martin"], view.reference
        ) == read_results(HL7)
    assert view.filename == "trois.xml"


@pytest.mark.slow
async def test_a_rendering_process_reads_each_format_and_survives_what_is_hostile() -> None:
    pool = RendererPool(1)
    try:
        for number, content in enumerate(ALL.values()):
            answer = await pool.run("laboratory_results", f"good{number}", lambda content=content: iter([content]))  # type: ignore[misc]
            assert answer == read_results(HL7)
        for number, what in enumerate(("a billion laughs", "a deep JSON", "an XML of a million elements")):
            make, expected = BAD[what]
            with pytest.raises(FileRefused) as refused:
                await pool.run("inspect", f"bad{number}", lambda make=make: iter([make()]), filename="x")  # type: ignore[misc]
            assert refused.value.reason == expected
    finally:
        await pool.close()


# ---- told apart


@pytest.mark.parametrize("written", ALL)
def test_the_gate_takes_each_format_by_its_content(written: Format) -> None:
    for name in ("biologie", "biologie.txt", "biologie.xml", "biologie.json"):
        found = gate.inspect(ALL[written], name)
        assert (found.kind, found.media_type) == (DocumentKind.LABORATORY, written.value)
        assert found.detail == {"analyses": 3, "dates": 1}
        assert found.replacement is None


@pytest.mark.parametrize(
    ("written", "name"), [(Format.HL7, "bilan.hl7"), (Format.FHIR, "bilan.json"), (Format.CDA, "bilan.xml")]
)
def test_a_file_without_extension_is_saved_with_the_one_of_its_format(written: Format, name: str) -> None:
    assert gate.with_extension("bilan", DocumentKind.LABORATORY, written.value) == name


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + FHIR,
        b"\r\n\t " + FHIR,
        FHIR.decode().encode("utf-16"),
        FHIR.decode().encode("utf-16-le"),
        FHIR.decode().encode("latin-1"),
        json.dumps(json.loads(FHIR), indent=2).encode(),
        b"\xef\xbb\xbf" + CDA,
        b"\n " + CDA,
        CDA[CDA.index(b"<ClinicalDocument") :],
        CDA.decode().encode("utf-16-be"),
    ],
)
def test_what_stands_around_a_file_and_its_alphabet_change_nothing(content: bytes) -> None:
    assert read_results(content) == read_results(HL7)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" ",
        b"{",
        b"<",
        b"MSH",
        b"{\\rtf1}",
        b'{"a": 1}',
        b"<a>ClinicalDocument</a>",
        b"<!-- <ClinicalDocument> -->",
    ],
)
def test_nothing_is_taken_for_results_that_only_looks_a_little_like_them(content: bytes) -> None:
    assert format_of(content) is None


# ---- refused

LAUGHS = "".join(
    f'<!ENTITY l{level} "{"&l" + str(level - 1) + ";" if level else "ha"}{"&l" + str(level - 1) + ";" if level else ""}">'
    for level in range(40)
)
NESTED = b'{"resourceType": "Bundle", "entry": '
UNREAD, NO_XML = laboratory_results.BROKEN, laboratory.OTHER_XML


def with_doctype(declaration: str, used: str = "") -> bytes:
    return CDA.replace(b"<ClinicalDocument", declaration.encode() + b"<ClinicalDocument", 1).replace(
        b"BIOCHIMIE", used.encode()
    )


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "a file that reads another": (
        lambda: with_doctype('<!DOCTYPE ClinicalDocument [<!ENTITY x SYSTEM "file:///etc/passwd">]>', "&x;"),
        laboratory_xml.DOCTYPE,
    ),
    "a file that asks the network": (
        lambda: with_doctype('<!DOCTYPE ClinicalDocument SYSTEM "http://x.invalid/a.dtd">'),
        laboratory_xml.DOCTYPE,
    ),
    "a billion laughs": (
        lambda: with_doctype(f"<!DOCTYPE ClinicalDocument [{LAUGHS}]>", "&l39;"),
        laboratory_xml.DOCTYPE,
    ),
    "a parameter entity": (
        lambda: with_doctype('<!DOCTYPE a [<!ENTITY % x SYSTEM "file:///dev/zero"> %x;]>'),
        NO_XML,
    ),
    "an entity that nobody declared": (lambda: with_doctype("", "&x;"), UNREAD),
    "a deep XML": (lambda: cda("<a>" * 5000 + "</a>" * 5000), laboratory_results.TOO_DEEP),
    "an XML of a million elements": (lambda: cda("<a/>" * 1_000_000), laboratory_results.TOO_MANY_PARTS),
    "a truncated XML": (lambda: CDA[: len(CDA) // 2], UNREAD),
    "an XML followed by another": (lambda: CDA + CDA, UNREAD),
    "an XML with control letters": (lambda: CDA.replace(b"BIOCHIMIE", b"BIO\x01"), UNREAD),
    "an XML without its namespaces": (lambda: CDA.replace(b"xmlns:xsi=", b"xmlns:y="), UNREAD),
    "another namespace": (lambda: CDA.replace(b"urn:hl7-org:v3", b"urn:hl7-org:v4"), laboratory_cda.NOT_RESULTS),
    "another XML": (lambda: b"<?xml version='1.0'?><note/>", NO_XML),
    "an XML with a DOCTYPE": (lambda: b"<!DOCTYPE note><note/>", NO_XML),
    "only a declaration": (lambda: b"<?xml version='1.0'?>", NO_XML),
    "FHIR in XML": (lambda: b"<Bundle xmlns='http://hl7.org/fhir'/>", laboratory.FHIR_XML),
    "a page named .xml": (lambda: b"<!DOCTYPE html><title>Biologie</title>", laboratory.WEB_PAGE),
    "a page of XHTML": (lambda: b"<?xml version='1.0'?>\n<!-- x -->\n<html xmlns='x'/>", laboratory.WEB_PAGE),
    "a drawing": (lambda: b"<?xml version='1.0'?><svg xmlns='x'/>", laboratory.WEB_PAGE),
    "a deep JSON": (lambda: NESTED + b"[" * 100_000 + b"]" * 100_000 + b"}", laboratory_results.TOO_DEEP),
    "a JSON of deep objects": (lambda: NESTED + b'{"a":' * 50_000 + b"1" + b"}" * 50_001, laboratory_results.TOO_DEEP),
    "a JSON of a million objects": (
        lambda: NESTED + b"[" + b"{}," * 1_000_000 + b"{}]}",
        laboratory_results.TOO_MANY_PARTS,
    ),
    "a JSON of millions of numbers": (
        lambda: NESTED + b"[" + b"0," * 3_000_000 + b"0]}",
        laboratory_results.TOO_MANY_PARTS,
    ),
    "a truncated JSON": (lambda: FHIR[: len(FHIR) // 2], UNREAD),
    "a JSON followed by another": (lambda: FHIR + FHIR, UNREAD),
    "a number of a million digits": (
        lambda: fhir(observation()).replace(b"128", b"9" * 1_000_000),
        laboratory_results.NOTHING,
    ),
    "a number beyond all": (lambda: fhir(observation()).replace(b"128", b"1e999"), laboratory_results.NOTHING),
    "not a number": (lambda: fhir(observation()).replace(b"128", b"NaN"), laboratory_results.NOTHING),
    "an infinite number": (lambda: fhir(observation()).replace(b"128", b"-Infinity"), laboratory_results.NOTHING),
    "a Bundle that is a text": (lambda: b'{"resourceType": "Bundle", "entry": "x"}', laboratory_results.NOTHING),
    "a Bundle of nothings": (
        lambda: fhir({"resourceType": "Bundle", "entry": [None, 1, [], {"resource": 3}]}),
        laboratory_results.NOTHING,
    ),
    "Bundles without an end": (lambda: fhir(bundle(bundle(bundle(bundle(observation()))))), laboratory_results.NOTHING),
    "a patient alone": (lambda: fhir({"resourceType": "Patient", "id": "p1"}), laboratory_fhir.NOT_RESULTS),
    "a resource in another object": (lambda: b'{"a": {"resourceType": "Bundle"}}', laboratory_fhir.NOT_RESULTS),
    "another JSON": (lambda: b'{"type": "FeatureCollection"}', laboratory.OTHER_JSON),
    "a JSON list": (lambda: fhir([observation()]), laboratory.OTHER_JSON),
    "more results than anybody reads": (
        lambda: fhir(bundle(*(observation(f"{n}-1") for n in range(laboratory_results.MOST_RESULTS + 1)))),
        laboratory_results.TOO_MANY,
    ),
    "more results in CDA than anybody reads": (
        lambda: cda(*(SODIUM.replace("2951-2", f"{n}-1") for n in range(laboratory_results.MOST_RESULTS + 1))),
        laboratory_results.TOO_MANY,
    ),
    "more than 20 megabytes": (
        lambda: FHIR + b" " * laboratory_results.MOST_BYTES,
        laboratory_results.TOO_LARGE,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_bad_file_is_refused_quickly_with_its_own_reason(what: str) -> None:
    make, expected = BAD[what]
    content = make()
    began = time.process_time()
    assert reason(content) == expected
    assert time.process_time() - began < 6


def test_a_page_is_refused_whatever_its_name_is() -> None:
    assert reason(b"<!DOCTYPE html><title>Biologie</title>", "biologie.xml") == laboratory.WEB_PAGE


def test_results_may_not_call_themselves_a_picture() -> None:
    assert reason(CDA, "radio.jpg").startswith("c'est des résultats de biologie, pas une image")


SLOW: dict[str, Callable[[], bytes]] = {
    "spaces before a number": lambda: cda(
        SODIUM.replace('type="PQ" value="128"', 'type="PQ" value="' + "\u00a0" * 200_000 + '"')
    ),
    "spaces in a range": lambda: fhir(observation(referenceRange=[{"text": " " * 500_000 + "x"}])),
    "empty lines": lambda: b"MSH|" + b"\r" * 200_000 + b"x",
    "references to samples": lambda: fhir(
        {
            "resourceType": "DiagnosticReport",
            "specimen": [{"reference": f"#{n}"} for n in range(20_000)],
            "contained": [observation(f"{n}-1", effectiveDateTime=None) for n in range(3000)],
        }
    ),
    "references to results": lambda: fhir(
        {
            "resourceType": "DiagnosticReport",
            "result": [{"reference": f"#obs-{n}-1"} for n in range(20_000)],
            "contained": [observation(f"{n}-1", valueQuantity=None) for n in range(20_000)],
        }
    ),
    "names in a long narrative": lambda: cda(
        *(
            SODIUM.replace('code="2951-2" displayName="Sodium"', "").replace(
                'codeSystem="2.16.840.1.113883.6.1"/>\n  <status',
                "><originalText><reference value='#n'/></originalText></code><status",
                1,
            )
            for _ in range(3000)
        ),
        header=f'<title ID="n">{"x" * 5_000_000}</title>',
    ),
}


@pytest.mark.parametrize("what", SLOW)
def test_nothing_takes_more_time_than_its_size_is_worth(what: str) -> None:
    content = SLOW[what]()
    began = time.process_time()
    try:
        read_results(content)
    except FileRefused as refusal:
        assert refusal.reason.endswith(".")
    assert time.process_time() - began < 6


@settings(max_examples=120)
@given(st.sampled_from([FHIR, CDA]), st.binary(max_size=60), st.floats(0, 1), st.integers(0, 40))
def test_whatever_stands_in_a_file_it_is_read_or_refused(
    content: bytes, noise: bytes, place: float, removed: int
) -> None:
    at = int(len(content) * place)
    try:
        gate.inspect(content[:at] + noise + content[at + removed :], "biologie")
    except FileRefused as refusal:
        assert refusal.reason.endswith(".")
        assert not any(trait in refusal.reason for trait in PATIENT_TRAITS)


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8) | st.sampled_from(["Observation", "#a", "final"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["reference", "value", "coding", "code", "low"]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
MEMBERS = st.sampled_from(
    "status category code subject focus effectiveDateTime effectivePeriod specimen valueQuantity valueString component "
    "referenceRange interpretation hasMember contained result id resourceType dataAbsentReason".split()
)


@settings(max_examples=150)
@given(st.dictionaries(MEMBERS, VALUES, max_size=6))
def test_members_of_any_type_are_read_or_left_out(members: dict[str, object]) -> None:
    content = json.dumps(bundle({**observation(), **members}, observation("1-1", "Autre"))).encode()
    try:
        assert read_results(content)
    except FileRefused as refusal:
        assert refusal.reason.endswith(".")
