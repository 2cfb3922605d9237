"""Reading HL7: what laboratories really send, and what is refused."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.documents import laboratory_hl7, laboratory_results
from app.documents.laboratory import Result, read_results, reference_range
from app.errors import FileRefused
from app.french import PARIS

MSH = "MSH|^~\\&|ORNEBIO|LABO|TLD|TILLEULS|20261120081500||ORU^R01|1|P|2.5|||||FRA|{charset}"
OBR = "OBR|1||L1|24323-8^Bilan^LN|||20261120081500"
SODIUM = "OBX|1|NM|2951-2^Sodium^LN||128|mmol/L|136-145|LL|||F|||20261120081500"


def message(*segments: str, charset: str = "8859/1", end: str = "\r", encoding: str = "latin-1") -> bytes:
    return (end.join((MSH.format(charset=charset), "PID|1||42||MERCIER^JEANNE", OBR, *segments)) + end).encode(encoding)


def only(*segments: str, **more: str) -> Result:
    (result,) = read_results(message(*segments, **more))
    return result


def reason(content: bytes) -> str:
    with pytest.raises(FileRefused) as refused:
        read_results(content)
    return refused.value.reason


def test_a_result_has_its_range_its_flag_and_its_time_in_paris() -> None:
    assert only(SODIUM) == Result(
        "2951-2", "Sodium", datetime(2026, 11, 20, 8, 15, tzinfo=PARIS), 128.0, "mmol/L", 136.0, 145.0, "LL"
    )


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [("8859/1", "latin-1"), ("8859/15", "iso8859-15"), ("UNICODE UTF-8", "utf-8"), ("", "latin-1"), ("", "utf-8"), ("8859/1~UNICODE UTF-8", "latin-1")],
)  # fmt: skip
def test_accents_survive_whatever_alphabet_was_declared(charset: str, encoding: str) -> None:
    result = only(SODIUM.replace("Sodium", "Hémoglobine"), charset=charset, encoding=encoding)
    assert result.name == "Hémoglobine"


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_segments_may_end_with_any_line_end(end: str) -> None:
    assert only(SODIUM, end=end).value == 128


def test_what_transports_put_around_a_message_is_ignored() -> None:
    content = message(SODIUM)
    assert len(read_results(b"\x0b" + content + b"\x1c\r")) == 1
    assert len(read_results(b"FHS|^~\\&|X\rBHS|^~\\&|X\r" + content + b"BTS|1\rFTS|1\r")) == 1


def test_several_messages_give_all_their_results_oldest_first() -> None:
    older = SODIUM.replace("20261120", "20260520").replace("|128|", "|139|")
    assert [r.value for r in read_results(message(SODIUM) + message(older))] == [139, 128]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("12-16", 12, 16),
        ("<5", None, 5),
        ("< 5", None, 5),
        ("≤5", None, 5),
        (">60", 60, None),
        ("3,5 - 5,1", 3.5, 5.1),
        ("3.5–5.1", 3.5, 5.1),
        ("-2 - 2", -2, 2),
        ("16-12", None, None),
        ("négatif", None, None),
        ("", None, None),
        ("1-2-3", None, None),
    ],
)
def test_ranges_are_read_as_they_are_written(text: str, low: float | None, high: float | None) -> None:
    assert reference_range(text) == (low, high)


@pytest.mark.parametrize(
    ("segment", "value", "comparator"),
    [
        ("OBX|1|NM|1988-5^CRP^LN||3,5|mg/L|<5||||F", 3.5, ""),
        ("OBX|1|SN|1988-5^CRP^LN||<^5|mg/L|<5||||F", 5, "<"),
        ("OBX|1|ST|1988-5^CRP^LN||< 5|mg/L|<5||||F", 5, "<"),
        ("OBX|1|NM|1988-5^CRP^LN||>=300|mg/L|<5||||F", 300, ">"),
    ],
)
def test_values_with_commas_and_limits_are_read(segment: str, value: float, comparator: str) -> None:
    result = only(segment)
    assert (result.value, result.comparator) == (value, comparator)


@pytest.mark.parametrize(("value", "flag"), [("128", "L"), ("150", "H"), ("140", "N")])
@pytest.mark.parametrize("given", ["", "A", "?"])
def test_a_flag_the_laboratory_did_not_give_follows_from_the_range(value: str, flag: str, given: str) -> None:
    assert only(f"OBX|1|NM|2951-2^Sodium^LN||{value}|mmol/L|136-145|{given}|||F").flag == flag


def test_units_are_written_as_french_readers_expect() -> None:
    assert only("OBX|1|NM|2160-0^Créatinine^LN||98|umol/L|45-84|H|||F").unit == "µmol/L"


def test_words_and_withdrawn_results_are_left_out() -> None:
    words = "OBX|2|TX|1^Commentaire^L||Prélèvement hémolysé||||||F"
    withdrawn = "OBX|3|NM|2823-3^Potassium^LN||9,9|mmol/L|3,5-5,1|HH|||W"
    assert only(words, SODIUM, withdrawn).name == "Sodium"


def test_a_corrected_result_replaces_the_first_one() -> None:
    assert only(SODIUM, SODIUM.replace("|128|", "|138|").replace("|||F|", "|||C|")).value == 138


def test_the_order_s_time_stands_in_for_the_result_s() -> None:
    assert only("OBX|1|NM|2951-2^Sodium^LN||128|mmol/L|||||F").at == datetime(2026, 11, 20, 8, 15, tzinfo=PARIS)


def test_a_time_with_a_zone_is_that_instant() -> None:
    result = only(SODIUM.removesuffix("20261120081500") + "202611200815+0000")
    assert result.at == datetime(2026, 11, 20, 8, 15, tzinfo=UTC)


def test_names_are_one_short_line_without_escapes() -> None:
    result = only(SODIUM.replace("Sodium", "Na\\T\\K\x07 " + "x" * 200))
    assert result.name.startswith("Na&K x")
    assert len(result.name) == 80


# ---- what is refused


@pytest.mark.parametrize(
    "content", [b"", b"MSH", b"MSH|", b"PID|1", b"MSH|^~\\&\r" * 3, b"\xff\xfe\x00MSH|", b"MSHMSHMSH"]
)
def test_what_is_no_message_is_refused(content: bytes) -> None:
    assert reason(content) in (laboratory_results.BROKEN, laboratory_hl7.NOT_RESULTS)


def test_another_kind_of_message_is_refused() -> None:
    assert reason(message(SODIUM).replace(b"ORU^R01", b"ADT^A01")) == laboratory_hl7.NOT_RESULTS


def test_a_message_without_numbers_is_refused() -> None:
    assert reason(message("OBX|1|TX|1^Commentaire^L||Négatif||||||F")) == laboratory_results.NOTHING


def test_numbers_that_are_none_are_not_results() -> None:
    for value in ("NaN", "1e999", "Infinity", "12 34", "9" * 40):
        assert reason(message(SODIUM.replace("|128|", f"|{value}|"))) == laboratory_results.NOTHING


def test_a_result_without_a_date_is_refused() -> None:
    bare = message(SODIUM.removesuffix("20261120081500")).replace(b"|||20261120081500\rOBX", b"|||\rOBX")
    assert reason(bare) == laboratory_results.NO_DATE


@pytest.mark.parametrize("stamp", ["20261399", "20260230", "00000000", "20261120256000"])
def test_an_impossible_date_is_refused(stamp: str) -> None:
    assert reason(message(SODIUM.removesuffix("20261120081500") + stamp)) == laboratory_results.BROKEN


def test_more_results_than_anybody_reads_are_refused_quickly() -> None:
    many = [f"OBX|{n}|NM|C{n}^Analyse {n}^L||1|g/L|||||F" for n in range(laboratory_results.MOST_RESULTS + 1)]
    began = time.perf_counter()
    assert reason(message(*many)) == laboratory_results.TOO_MANY
    assert time.perf_counter() - began < 60  # a bound that only a fault passes


def test_a_file_of_more_than_20_megabytes_is_refused_unread() -> None:
    assert reason(b"MSH|" + b"x" * laboratory_results.MOST_BYTES) == laboratory_results.TOO_LARGE


@settings(max_examples=150)
@given(st.binary(max_size=200), st.integers(0, 160))
def test_whatever_stands_in_a_message_it_is_read_or_refused(noise: bytes, place: int) -> None:
    content = message(SODIUM)
    try:
        read_results(content[:place] + noise + content[place:])
    except FileRefused as refusal:
        assert refusal.reason.endswith(".")
