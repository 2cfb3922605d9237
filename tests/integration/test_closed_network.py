"""Somebody in a network that lets no UDP out has a call: through coturn, by TLS on port 443."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.bench import coturn, impaired, lines
from app.bench.browser import CHROMIUM
from app.bench.figures import Report


def _missing() -> str:
    chromium = "" if Path(CHROMIUM).exists() else "chromium is not installed: make setup"
    return lines.why_not() or coturn.why_not() or chromium


pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(bool(_missing()), reason=_missing() or "nothing is missing"),
]


def test_a_call_works_where_all_udp_is_closed() -> None:
    report = Report()
    with impaired.scene() as here, here.page(impaired.EXPERT) as expert, lines.line(impaired.BLOCKED) as closed:
        expert.get_by_role("button", name="Rejoindre").click()
        with here.page(impaired.NURSE, closed) as nurse:
            impaired.call_without_udp(nurse, report)
            before = nurse.evaluate("window.__td.call.framesDecoded()")
            nurse.wait_for_timeout(2000)
            assert nurse.evaluate("window.__td.call.framesDecoded()") > before
    assert [target.name for target in report.targets if not target.met] == []


def test_a_line_leaves_nothing_behind() -> None:
    with lines.line(lines.Impairment()) as space:
        assert Path("/run/netns", space.name).exists()
    assert not Path("/run/netns", space.name).exists()
    assert not any(space.name in device.name for device in Path("/sys/class/net").iterdir())
