"""The order in which a page's lines are read: columns one after another, a table row by row.

MuPDF gives lines in the order they were drawn, which some producers choose freely; by height alone two columns would be
mixed line by line. Here a page is cut along its white strips, again and again (recursive XY cut: Nagy and Seth,
« Hierarchical representation of optically scanned documents », ICPR 1984), down the page before across it only
where both sides are running text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

Box = tuple[float, float, float, float]

RUNNING_LINES = 3  # a column of text has at least so many lines
RUNNING_WORDS = 3  # and so many words in the middle one: cells of a table have fewer
DEEPEST = 200  # cuts within cuts; far below the interpreter's own limit


@dataclass(frozen=True)
class Line:
    """A line of text: its box and words (left, top, right, bottom, word), from left to right."""

    box: Box
    words: tuple[tuple[float, float, float, float, str], ...]


def ordered(lines: Sequence[Line]) -> list[Line]:
    """The lines as they are read. Lines that lie on their side mostly stay as they came."""
    lying = sum(1 for line in lines if _lies(line))
    if not lines or 2 * lying > len(lines):
        return list(lines)
    return _cut(list(lines), DEEPEST)


def _cut(lines: list[Line], depth: int) -> list[Line]:
    if len(lines) < 2 or not depth:
        return sorted(lines, key=lambda line: (line.box[1], line.box[0]))
    for axis in (0, 1):  # columns first: a strip of white across both would mix them
        for first, second in _parts(lines, axis):
            if axis == 1 or (_is_running(first) and _is_running(second)):
                return _cut(first, depth - 1) + _cut(second, depth - 1)
    return _rows(lines)


def _parts(lines: list[Line], axis: int) -> list[tuple[list[Line], list[Line]]]:
    """The ways to part lines along white strips, the widest strip first."""
    by_start = sorted(lines, key=lambda line: line.box[axis])
    height = median(line.box[3] - line.box[1] for line in lines)
    least = height if axis == 0 else 0.0
    found: list[tuple[float, int]] = []
    end = by_start[0].box[axis + 2]
    for place, line in enumerate(by_start[1:], 1):
        gap = line.box[axis] - end
        if gap > least:
            found.append((gap, place))
        end = max(end, line.box[axis + 2])
    return [(by_start[:place], by_start[place:]) for _gap, place in sorted(found, reverse=True)]


def _is_running(lines: list[Line]) -> bool:
    return len(lines) >= RUNNING_LINES and median(len(line.words) for line in lines) >= RUNNING_WORDS


def _rows(lines: list[Line]) -> list[Line]:
    """Lines that no strip parts: row by row, each from left to right. A row is what overlaps by half its height."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.box[1] + line.box[3]):
        middle = (line.box[1] + line.box[3]) / 2
        if rows and rows[-1][0].box[1] <= middle <= rows[-1][0].box[3]:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda line: line.box[0])]


def _lies(line: Line) -> bool:
    """Whether its words are drawn on their side: long ones are higher than wide."""
    long = [word for word in line.words if len(word[4]) > 2]
    return bool(long) and all(bottom - top > right - left for left, top, right, bottom, _word in long)
