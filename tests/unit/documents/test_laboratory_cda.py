"""Reading CDA: the French laboratory report as it is written, and what of it is left out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.documents import laboratory_cda, laboratory_results
from app.documents.laboratory import Result, read_results
from app.errors import FileRefused
from app.french import PARIS
from tests.unit.documents.laboratory_samples import CRP, SODIUM, cda

TAKEN = datetime(2026, 11, 20, 8, 15, tzinfo=PARIS)
SAMPLED = """<entryRelationship typeCode="COMP"><procedure classCode="PROC" moodCode="EVN">
  <code code="33882-2" codeSystem="2.16.840.1.113883.6.1"/>
  <effectiveTime><high value="{at}"/></effectiveTime></procedure></entryRelationship>"""
TIME = '<effectiveTime value="20261120081500+0100"/>'
VALUE = '<value xsi:type="PQ" value="128" unit="mmol/L"/>'
CODE = '<code code="2951-2" displayName="Sodium" codeSystem="2.16.840.1.113883.6.1"/>'
RANGE = SODIUM[SODIUM.index("<referenceRange") : SODIUM.index("</observation>")]


def only(*observations: str, **more: str) -> Result:
    (result,) = read_results(cda(*observations, **more))
    return result


def reason(content: bytes) -> str:
    with pytest.raises(FileRefused) as refused:
        read_results(content)
    return refused.value.reason


def test_a_result_has_its_range_its_flag_and_its_time_in_paris() -> None:
    assert only(SODIUM) == Result("2951-2", "Sodium", TAKEN, 128.0, "mmol/L", 136.0, 145.0, "LL")


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "windows-1252", "iso-8859-15", "utf-16"])
def test_accents_survive_whatever_alphabet_was_declared(encoding: str) -> None:
    assert only(CRP, encoding=encoding).name == "C-réactive protéine"


def test_a_wrongly_declared_alphabet_does_no_harm() -> None:
    (result,) = read_results(cda(CRP).decode().encode("latin-1"))
    assert result.name == "C-réactive protéine"
    (result,) = read_results(cda(CRP).replace(b'"utf-8"', b'"punycode"'))
    assert result.name == "C-réactive protéine"


def test_a_report_may_have_prefixes_and_stand_in_its_style_sheet() -> None:
    text = cda(SODIUM).decode().replace("</", "</c:").replace("xmlns=", "xmlns:c=").replace('"IVL_PQ"', '"c:IVL_PQ"')
    prefixed = "".join(
        f"<c:{part}" if number and part[0] not in "/?!" else f"<{part}" if number else part
        for number, part in enumerate(text.split("<"))
    )
    assert len(read_results(prefixed.encode())) == 1
    body = prefixed[prefixed.index("<c:ClinicalDocument") :]
    sheet = f"<xsl:stylesheet xmlns:xsl='urn:x'><d:Contenu xmlns:d='urn:d'>{body}</d:Contenu></xsl:stylesheet>"
    assert len(read_results(sheet.encode())) == 1


@pytest.mark.parametrize(
    ("value", "number", "comparator", "unit"),
    [
        ('xsi:type="PQ" value="3,5" unit="mmol/l"/>', 3.5, "", "mmol/L"),
        ('value="128" unit="mmol/L"/>', 128, "", "mmol/L"),
        ('xsi:type="PQ" value="98" unit="umol/L"/>', 98, "", "µmol/L"),
        ('xsi:type="IVL_PQ"><high value="5" unit="mg/L"/></value>', 5, "<", "mg/L"),
        ('xsi:type="IVL_PQ"><low value="300" unit="mg/L"/><high nullFlavor="PINF"/></value>', 300, ">", "mg/L"),
        ('xsi:type="INT" value="7"/>', 7, "", ""),
        ('xsi:type="REAL" value="1.5"/>', 1.5, "", ""),
        ('xsi:type="ST">&lt; 5</value>', 5, "<", ""),
    ],
)
def test_values_and_units_are_read_as_they_are_written(value: str, number: float, comparator: str, unit: str) -> None:
    result = only(SODIUM.replace(VALUE, f"<value {value}"))
    assert (result.value, result.comparator, result.unit) == (number, comparator, unit)


def test_of_a_value_in_two_units_the_first_counts() -> None:
    second = '<value xsi:type="PQ" value="2.94" unit="g/L"/>'
    assert only(SODIUM.replace(VALUE, VALUE + second)).unit == "mmol/L"


@pytest.mark.parametrize(
    ("written", "low", "high"),
    [
        (RANGE.replace('<low value="136" unit="mmol/L"/>', ""), None, 145),
        (RANGE.replace('value="136"', 'value="200"'), None, None),
        (RANGE.replace("mmol/L", "g/L"), None, None),  # in another unit
        (RANGE + RANGE, 136, 145),
        (RANGE + RANGE.replace("136", "130"), None, None),  # not for us to choose
        (RANGE + RANGE.replace("136", "120").replace('code="N"', 'code="LL"'), 136, 145),
        ("<referenceRange><observationRange><text>136 à 145 mmol/L</text></observationRange></referenceRange>", 136, 145),
        ("", None, None),
    ],
)  # fmt: skip
def test_a_range_counts_when_it_is_one_and_in_the_value_s_unit(
    written: str, low: float | None, high: float | None
) -> None:
    result = only(SODIUM.replace(RANGE, written))
    assert (result.low, result.high) == (low, high)


def test_the_sample_s_time_counts_before_the_result_s() -> None:
    later = SODIUM.replace("20261120081500", "20261120131933")
    assert only(later, before=SAMPLED.format(at="202611200815+0100")).at == TAKEN
    assert only(later, before=SAMPLED.format(at="20261120") + SAMPLED.format(at="20261119")).at.hour == 13
    assert only(later).at == datetime(2026, 11, 20, 12, 19, 33, tzinfo=UTC)


def test_the_time_in_the_header_stands_in_for_one_that_is_missing() -> None:
    taker = '<participant typeCode="PRF"><functionCode code="PRELV"/><time><high value="202611200815+0100"/></time></participant>'
    assert only(SODIUM.replace(TIME, ""), header=taker).at == TAKEN
    assert reason(cda(SODIUM.replace(TIME, ""))) == laboratory_results.NO_DATE
    assert reason(cda(SODIUM.replace(TIME, '<effectiveTime nullFlavor="UNK"/>'))) == laboratory_results.NO_DATE


def test_earlier_values_come_with_their_own_time_or_not_at_all() -> None:
    earlier = SODIUM.replace("20261120", "20260520").replace('value="128"', 'value="139"')
    nested = '{}<entryRelationship typeCode="REFR">{}</entryRelationship></observation>'
    whole = nested.format(SODIUM.removesuffix("</observation>"), earlier)
    assert [result.value for result in read_results(cda(whole, before=SAMPLED.format(at="202611200815")))] == [139, 128]
    undated = nested.format(SODIUM.removesuffix("</observation>"), earlier.replace("<effectiveTime", "<otherTime"))
    assert only(undated).value == 128
    impossible = nested.format(SODIUM.removesuffix("</observation>"), earlier.replace("20260520", "20262005"))
    assert only(impossible).value == 128


def test_a_name_in_words_counts_before_one_in_the_narrative() -> None:
    pointed = "<originalText><reference value='#nom-1'/></originalText></code>"
    assert only(SODIUM.replace(CODE, CODE.replace("/>", ">" + pointed))).name == "Sodium"
    bare = CODE.replace(' displayName="Sodium"', "")
    assert only(SODIUM.replace(CODE, bare.replace("/>", ">" + pointed))).name == "Sodium (ISE indirect)"
    assert only(SODIUM.replace(CODE, bare)).name == "2951-2"


def test_the_laboratory_sections_of_another_document_are_read_and_its_others_are_not() -> None:
    assert only(SODIUM, code="60591-5", template="1.2").value == 128
    assert reason(cda(SODIUM, code="60591-5", template="1.2", section="1.2")) == laboratory_cda.NOT_RESULTS


LEFT_OUT = {
    "not done": SODIUM.replace("completed", "aborted"),
    "withdrawn": SODIUM.replace("completed", "nullified"),
    "asked, not done": SODIUM.replace('moodCode="EVN"', 'moodCode="RQO"'),
    "denied": SODIUM.replace('classCode="OBS"', 'classCode="OBS" negationInd="true"'),
    "unknown": SODIUM.replace('classCode="OBS"', 'classCode="OBS" nullFlavor="NAV"'),
    "without a value": SODIUM.replace(VALUE, '<value xsi:type="PQ" nullFlavor="UNK" value="128"/>'),
    "coded": SODIUM.replace(VALUE, '<value xsi:type="CD" value="128" code="POS"/>'),
    "in words": SODIUM.replace(VALUE, '<value xsi:type="ST">positif</value>'),
    "an interval": SODIUM.replace(VALUE, '<value xsi:type="IVL_PQ"><low value="1"/><high value="2"/></value>'),
    "no number": SODIUM.replace('value="128"', 'value="NaN"'),
    "infinite": SODIUM.replace('value="128"', 'value="Infinity"'),
    "huge": SODIUM.replace('value="128"', f'value="{"9" * 5000}"'),
    "without a name": SODIUM.replace(CODE, '<code nullFlavor="NA"/>'),
    "of a tick": SODIUM.replace("<statusCode", "<subject/><statusCode"),
}  # fmt: skip


@pytest.mark.parametrize("what", LEFT_OUT)
def test_what_is_no_result_of_this_person_is_left_out(what: str) -> None:
    assert only(CRP, LEFT_OUT[what]).code == "1988-5"
    assert reason(cda(LEFT_OUT[what])) == laboratory_results.NOTHING


def test_a_provisional_value_replaces_nothing() -> None:
    provisional = SODIUM.replace("completed", "active").replace('value="128"', 'value="99"')
    assert only(SODIUM, provisional).value == 128
    assert only(provisional).value == 99


# ---- what is refused


def test_a_report_that_is_only_a_picture_says_so() -> None:
    start = cda().decode().split("<component><structuredBody>")[0]
    flat = start + "<component><nonXMLBody><text>JVBERi0=</text></nonXMLBody></component></ClinicalDocument>"
    assert reason(flat.encode()) == laboratory_cda.ONLY_A_PICTURE
    assert reason(flat.replace("11502-2", "1-1").replace(".55", ".1").encode()) == laboratory_cda.NOT_RESULTS


def test_a_report_of_two_people_is_refused() -> None:
    assert reason(cda(SODIUM, header="<recordTarget/>")) == laboratory_results.SEVERAL_PEOPLE


@pytest.mark.parametrize("written", ["20260230", "20261120256000", "00010101"])
def test_an_impossible_day_is_refused(written: str) -> None:
    assert reason(cda(SODIUM.replace("20261120081500+0100", written))) == laboratory_results.BROKEN
