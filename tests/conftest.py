"""What the whole test run obeys: every skip is listed with its reason, and in CI a skip is a failure."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# No test is judged by its time: on a loaded machine each takes what it takes.
# In CI the examples are the same each time: a commit is not refused for what chance drew. Elsewhere new ones are drawn.
settings.register_profile(
    "untimed",
    settings(),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
)
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--no-skips",
        action="store_true",
        default=bool(os.environ.get("CI")),
        help="a skipped test fails the run (the default where CI is set)",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(SkippedTests(forbidden=config.getoption("--no-skips")))


class SkippedTests:
    """Remembers what was skipped; an expected failure is not a skip."""

    def __init__(self, forbidden: bool) -> None:
        self.forbidden = forbidden
        self.reasons: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self.remember(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.remember(report)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker of pytest-xdist ends: of the files that it skipped whole it alone knows."""
        self.reasons |= getattr(node, "workeroutput", {}).get("skipped", {})

    def remember(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        place = report.longrepr
        self.reasons[report.nodeid] = str(place[2] if isinstance(place, tuple) else place).removeprefix("Skipped: ")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if (output := getattr(session.config, "workeroutput", None)) is not None:
            output["skipped"] = self.reasons
        done = session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
        if self.forbidden and self.reasons and done:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.reasons:
            verdict = "skipped, which fails this run" if self.forbidden else "skipped"
            terminalreporter.section(f"{len(self.reasons)} {verdict}", red=self.forbidden, yellow=not self.forbidden)
        for test, reason in sorted(self.reasons.items()):
            terminalreporter.write_line(f"{test}: {reason}")
