"""What the tabs of « Administration » share: tables, sentences, forms. Every word of a person is escaped here."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import panel as pn
import panel_material_ui as pmui

_LOOK = (Path(__file__).parent / "admin.css").read_text()
_GRID = ":host { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(260px, 100%), 1fr)); gap: 14px 16px; align-items: end; }"
_LINE = ":host { display: flex; flex-wrap: wrap; gap: 10px 12px; } :host > * { align-self: center !important; }"
SIDE = 24


@dataclass(frozen=True)
class Link:
    """A cell that leads somewhere."""

    text: str
    href: str


@dataclass(frozen=True)
class Chips:
    """A cell of small marks: (text, style), style « », « off » or « wait »."""

    marks: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Row:
    """A row of a table; `off` draws it paler."""

    cells: tuple[str | Link | Chips, ...]
    off: bool = False


def markup(text: str, margin: Any = (0, SIDE), *, wide: bool = True, **options: Any) -> Any:
    """Markup of ours in the look of these pages; `wide` takes the whole line."""
    sizing = "stretch_width" if wide else None
    return pn.pane.HTML(text, margin=margin, stylesheets=[_LOOK], sizing_mode=sizing, **options)


def table(caption: str, heads: Sequence[str], rows: Iterable[Row], empty: str) -> str:
    """A table as markup, cards on a telephone; `empty` says what to do where there is no row."""
    body = "".join(f"<tr{' class=off' if row.off else ''}>{''.join(map(_cell, heads, row.cells))}</tr>" for row in rows)
    if not body:
        return f'<p class="empty" role="status">{text(empty)}</p>'
    head = "".join(f'<th scope="col">{text(name)}</th>' for name in heads)
    return (
        f'<div class="box"><table><caption class="vh">{text(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def text(value: str) -> str:
    """What a person wrote, as text and nothing else."""
    return html.escape(value)


def _cell(head: str, cell: str | Link | Chips) -> str:
    label = f'data-label="{text(head)}"'
    match cell:
        case Link():
            return f'<td {label}><a href="{text(cell.href)}">{text(cell.text)}</a></td>'
        case Chips():
            marks = "".join(f'<span class="chip {style}">{text(word)}</span>' for word, style in cell.marks)
            return f"<td {label}{'' if marks else ' class=none'}>{marks}</td>"
        case _:
            return f"<td {label}{'' if cell else ' class=none'}>{text(cell)}</td>"


class Says(pn.viewable.Viewer):
    """A sentence about what was done, or why not; read out by screen readers."""

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._pane = markup("", margin=(0, SIDE), visible=False)

    def __panel__(self) -> pn.viewable.Viewable:
        return self._pane

    def done(self, sentence: str) -> None:
        self._say(sentence, "status", "")

    def refused(self, *sentences: str) -> None:
        self._say(" ".join(sentences), "alert", " warm")

    def clear(self) -> None:
        self._pane.object, self._pane.visible = "", False

    def _say(self, sentence: str, role: str, style: str) -> None:
        self._pane.object = f'<p role="{role}" class="says{style}">{text(sentence)}</p>'
        self._pane.visible = True


def fields(*widgets: Any) -> Any:
    """Fields side by side, as many as there is room for."""
    return pn.Column(
        *widgets, sizing_mode="stretch_width", margin=(14, SIDE, 6, SIDE), max_width=1000, stylesheets=[_GRID]
    )


def line(*items: Any, margin: Any = (6, SIDE)) -> Any:
    """Buttons and what stands beside them; they wrap."""
    return pn.Row(*items, sizing_mode="stretch_width", margin=margin, stylesheets=[_LINE])


def field(label: str, value: str = "", **options: Any) -> Any:
    return pmui.TextInput(label=label, value=value, sizing_mode="stretch_width", margin=0, size="small", **options)


def choice(label: str, options: dict[str, Any], value: Any) -> Any:
    return pmui.Select(label=label, options=options, value=value, sizing_mode="stretch_width", margin=0, size="small")


def check(label: str, value: bool) -> Any:
    return pmui.Checkbox(label=label, value=value, margin=0)


def button(label: str, act: Any, *, main: bool = False, **options: Any) -> Any:
    variant = "contained" if main else "outlined"
    return pmui.Button(label=label, variant=variant, on_click=act, margin=0, **options)


def confirm(title: str, words: str, act_label: str, act: Any) -> Any:
    """A dialog that asks before something hard; open it by `.open = True`."""
    dialog: Any = None

    def close(_event: Any = None) -> None:
        dialog.open = False

    def do(event: Any) -> None:
        close()
        act(event)

    buttons = pn.Row(
        pn.Spacer(sizing_mode="stretch_width"),
        button("Annuler", close),
        button(act_label, do, main=True),
        sizing_mode="stretch_width",
        margin=(12, 0, 0, 0),
        stylesheets=[":host { gap: 12px; }"],
    )
    dialog = pmui.Dialog(
        markup(f"<p>{text(words)}</p>", margin=0),
        buttons,
        title=title,
        open=False,
        width_option="sm",
        close_on_click=True,
    )
    return dialog


class Pages(pn.viewable.Viewer):
    """« Page 2 sur 7 » with the ways back and on; nothing where there is one page."""

    def __init__(self, on_turn: Any, **params: Any) -> None:
        super().__init__(**params)
        self._page = 1
        self._on_turn = on_turn
        self._before = button("Page précédente", lambda _event: self._on_turn(self._page - 1))
        self._after = button("Page suivante", lambda _event: self._on_turn(self._page + 1))
        self._where = markup("", margin=0, wide=False)
        self._line = line(margin=(10, SIDE, SIDE, SIDE))

    def __panel__(self) -> pn.viewable.Viewable:
        return self._line

    def place(self, page: int, pages: int) -> None:
        self._page = page
        self._line[:] = [self._before, self._after, self._where] if pages > 1 else []
        self._before.disabled, self._after.disabled = page <= 1, page >= pages
        self._where.object = f'<p class="muted nowrap">Page {page} sur {pages}</p>'
