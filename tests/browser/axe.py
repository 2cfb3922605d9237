"""What is wrong with a page as axe-core sees it, and what stands on the screen although it is hidden."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.demo_server import ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = """axe.run().then((report) => report.violations
  .filter(({ impact }) => impact === "serious" || impact === "critical")
  .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.flat().join(" > ")).join(" | ").slice(0, 400)}`))"""
# A rule that gives `display` to a class takes the attribute's effect away, and nothing else says so.
HIDDEN = """(() => {
  const found = [], look = (root) => {
    for (const each of root.querySelectorAll("*")) {
      if (each.hidden === true && each.checkVisibility()) found.push(`hidden, and seen: ${each.outerHTML.slice(0, 200)}`);
      if (each.shadowRoot) look(each.shadowRoot);
    }
  };
  look(document);
  return found;
})()"""


def serious(page: Page) -> list[str]:
    """What is found serious or critical, one line each; the pages forbid eval, so it comes through the debugger."""
    page.emulate_media(reduced_motion="reduce")  # what has half faded in lacks contrast
    page.evaluate(AXE.read_text() + ";0")
    return [str(line) for line in [*page.evaluate(SERIOUS), *page.evaluate(HIDDEN)]]
