"""What is pressed is what happens, though the page is drawn anew in the middle of it; by mouse and by finger (`press.js`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

SCRIPT = Path(__file__).parents[2] / "app" / "static" / "press.js"
PAGE = """<body style="margin: 0"><div id="list"></div><script>
window.acts = [];
window.draw = (...names) => document.getElementById("list").replaceChildren(...names.map((name) => {
  const button = document.createElement("button");
  button.dataset.key = name;
  button.textContent = "Admettre";
  button.style.cssText = "display: block; width: 200px; height: 60px";
  button.onclick = () => acts.push(name);
  return button;
}));
</script></body>"""
AT = {"x": 50, "y": 30}

pytestmark = pytest.mark.browser


@pytest.fixture(params=["mouse", "finger"])
def page(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(has_touch=request.param == "finger")
    page = context.new_page()
    page.set_content(PAGE)
    page.add_script_tag(content=SCRIPT.read_text(encoding="utf-8"))
    yield page
    context.close()


@pytest.fixture
def press(request: pytest.FixtureRequest, page: Page) -> Callable[..., list[str]]:
    """Press, and let something happen to the page before the release; answers what was done by it."""
    wire = page.context.new_cdp_session(page)
    finger = "finger" in request.node.callspec.id

    def press(meanwhile: str = "", times: int = 1) -> list[str]:
        page.evaluate("acts.length = 0")
        if finger:
            wire.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [AT]})
        else:
            page.mouse.move(**AT)
            page.mouse.down(click_count=times)
        if meanwhile:
            page.evaluate(meanwhile)
        if finger:
            wire.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
            page.wait_for_timeout(200)  # that nothing comes after it
        else:
            page.mouse.up(click_count=times)
        acts: list[str] = page.evaluate("acts")
        return acts

    return press


def test_a_button_that_is_drawn_anew_under_the_press_acts_once(page: Page, press: Callable[..., list[str]]) -> None:
    page.evaluate("draw('a', 'b')")
    assert press() == ["a"]
    assert press("draw('a', 'b')") == ["a"]


def test_what_slides_under_a_press_does_nothing(page: Page, press: Callable[..., list[str]]) -> None:
    page.evaluate("draw('a', 'b')")
    assert press("draw('b')") == []


@pytest.mark.parametrize("page", ["mouse"], indirect=True)  # how quickly a finger comes back is the browser's affair
def test_the_second_half_of_a_double_click_does_nothing_else(page: Page, press: Callable[..., list[str]]) -> None:
    page.evaluate("draw('a', 'b')")
    press()
    page.evaluate("draw('b')")
    assert press(times=2) == []


def test_a_button_that_its_own_click_draws_anew_can_be_pressed_quickly(
    page: Page, press: Callable[..., list[str]]
) -> None:
    page.evaluate("draw('next')")
    press()
    page.evaluate("draw('next')")
    assert press(times=2) == ["next"]
