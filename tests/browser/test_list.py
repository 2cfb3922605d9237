"""The list of télédossiers, which is drawn again whenever something happens, under the hands of who uses it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import People, join
from tests.browser.demo_server import DemoServer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def test_a_list_that_is_drawn_again_keeps_the_press_and_the_focus(someone: People, demo: DemoServer) -> None:
    expert = someone.logged_in("dr.martin")
    expert.goto(f"{demo.url}/tlm")
    everything = expert.get_by_role("button", name=re.compile("^Tous"))
    everything.focus()
    expert.keyboard.press("Enter")
    expect(everything).to_have_attribute("aria-pressed", "true")
    expect(everything).to_be_focused()

    beside = someone.logged_in("dr.martin")  # the same list, which nobody touches
    beside.goto(f"{demo.url}/tlm")
    row = expert.get_by_role("row", name=re.compile("AUBRY"))
    row.hover()
    expert.mouse.down()
    nurse = someone.logged_in("ide.dubois")
    nurse.goto(f"{demo.url}/tlm?dossier=TLM-2026-0001")
    nurse.get_by_role("button", name="Entrer en salle").click()
    nurse.get_by_role("radio", name=re.compile("Salle Bleue")).check()
    join(nurse)
    expect(beside.get_by_role("row", name=re.compile("MERCIER"))).to_contain_text("En téléconsultation")
    expert.mouse.up()  # the row of the call now stands above this one, which was pressed
    expect(expert.get_by_role("heading", name="Télédossier TLM-2026-0005")).to_be_visible()
    # The address follows what is shown: without it « back » would leave the page.
    expect(expert).to_have_url(re.compile("dossier=TLM-2026-0005"))
    expert.go_back()
    expect(expert.get_by_role("row", name=re.compile("MERCIER"))).to_contain_text("En téléconsultation")
    assert someone.errors == []
