"""A form of panel-material-ui fields that saves itself while somebody types."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from components.clinical_form.contract import FormField

_READING = (Path(__file__).parent / "reading.css").read_text()

Answers = dict[str, str | bool]

SAVE_AFTER = 0.4  # seconds: a throttle, not a debounce, so that somebody who never stops typing is saved too
SHORT_PER_ROW = 4


class ClinicalForm(pn.viewable.Viewer):
    """Sections of fields over `answers`.

    `save(answers)` is called at most every 0.4 s while somebody types; whatever it raises is left to it: it must not
    raise. Each field carries the css class `draft-<prefix>-<key>`, by which the page keeps what is typed while the
    server is away. Read-only, it shows the answers as text.
    """

    sections = param.ClassSelector(class_=tuple, default=(), doc="`FormSection`s, in reading order.")
    answers = param.Dict(default={}, doc="Answers so far: key to text, code or boolean.")
    read_only = param.Boolean(default=False, doc="Show answers as text, without fields.")
    prefix = param.String(default="form", doc="Begins the names under which the page keeps what is typed.")
    empty_text = param.String(default="Non renseigné", doc="Shown, read-only, where there is no answer.")

    def __init__(self, save: Callable[[Answers], None] | None = None, **params: Any) -> None:
        super().__init__(**params)
        self._save = save
        self._fields: dict[str, Any] = {}
        self._task: asyncio.Task[None] | None = None
        self._showing = False  # the fields are being set by us, nobody types
        self._layout = pn.Column(sizing_mode="stretch_width", css_classes=["clinical-form"], margin=0)
        self._draw()

    @param.depends("sections", "read_only", watch=True)
    def _draw(self) -> None:
        self._fields = {}
        parts = self._read_only_parts() if self.read_only else self._parts()
        self._layout[:] = parts

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def flush(self) -> None:
        """Save now what was typed since the last automatic save."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._collect_and_save()

    @property
    def typed(self) -> Answers:
        """What stands in the fields now, saved or not."""
        return {key: value for key, widget in self._fields.items() if (value := _value(widget))}

    def put(self, answers: Mapping[str, str | bool]) -> None:
        """Put answers that are saved already into the fields; one that stands there is left alone."""
        self._showing = True
        try:
            for key, widget in self._fields.items():
                value = answers.get(key) or ""
                if value != (_value(widget) or ""):
                    _put(widget, value)
        finally:
            self._showing = False
        self.answers = self.typed

    def _parts(self) -> list[Any]:
        parts: list[Any] = []
        for section in self.sections:
            parts.append(_title(section.title))
            row: list[Any] = []
            for field in section.fields:
                widget = self._fields[field.key] = self._widget(field)
                if field.kind == "text":
                    parts += [*_rows(row), widget]
                    row = []
                else:
                    row.append(widget)
            parts += _rows(row)
        return parts

    def _widget(self, field: FormField) -> Any:
        value = self.answers.get(field.key)
        look: dict[str, Any] = {
            "label": field.label,
            "sizing_mode": "stretch_width",
            "css_classes": [f"draft-{self.prefix}-{field.key}"],
            "margin": (8, 6),
        }
        widget: Any
        if field.kind == "boolean":
            widget = pmui.Checkbox(value=value is True, **look)
            widget.param.watch(self._typed, "value")
            return widget
        if field.kind == "choice":
            options = {"—": "", **{choice.label: choice.code for choice in field.choices}}
            widget = pmui.Select(options=options, value=value or "", size="small", **look)
            widget.param.watch(self._typed, "value")
            return widget
        look |= {"value": str(value or ""), "max_length": field.max_length, "placeholder": field.hint, "size": "small"}
        widget = pmui.TextAreaInput(rows=3, auto_grow=True, **look) if field.kind == "text" else pmui.TextInput(**look)
        widget.param.watch(self._typed, "value_input")
        return widget

    def _typed(self, _event: Any) -> None:
        if self._task is not None or self._showing:
            return
        try:
            self._task = asyncio.get_running_loop().create_task(self._save_later())
        except RuntimeError:  # no loop: a notebook's cell or a test; save at once
            self._collect_and_save()

    async def _save_later(self) -> None:
        await asyncio.sleep(SAVE_AFTER)
        self._task = None
        self._collect_and_save()

    def _collect_and_save(self) -> None:
        if self.read_only:
            return
        self.answers = self.typed
        if self._save is not None:
            self._save(self.answers)

    def _read_only_parts(self) -> list[Any]:
        return [pn.pane.HTML(self._as_html(), sizing_mode="stretch_width", margin=(0, 6), stylesheets=[_READING])]

    def _as_html(self) -> str:
        parts = []
        for section in self.sections:
            lines = "".join(f"<dt>{html.escape(f.label)}</dt>{self._answer(f)}" for f in section.fields)
            parts.append(f"<h3>{html.escape(section.title)}</h3><dl>{lines}</dl>")
        return "".join(parts)

    def _answer(self, field: FormField) -> str:
        value = self.answers.get(field.key)
        if value in (None, ""):
            return f'<dd class="none">{html.escape(self.empty_text)}</dd>'
        if isinstance(value, bool):
            value = "Oui" if value else "Non"
        words = {choice.code: choice.label for choice in field.choices}
        return f"<dd>{html.escape(words.get(str(value), str(value)))}</dd>"


def _title(text: str) -> Any:
    return pn.pane.HTML(
        f"<h3>{html.escape(text)}</h3>",
        sizing_mode="stretch_width",
        margin=(6, 6, 0, 6),
        stylesheets=["h3 { font: 600 14px/1.3 var(--font, system-ui, sans-serif); color: var(--ink-900); margin: 0; }"],
    )


def _rows(widgets: list[Any]) -> list[Any]:
    return [
        # Not Panel's FlexBox: it evaluates scripts, which the pages' policy forbids.
        pn.Row(
            *widgets[start : start + SHORT_PER_ROW],
            styles={"flex-wrap": "wrap"},
            stylesheets=[":host > * { flex: 1 1 170px !important; width: auto !important; }"],
            sizing_mode="stretch_width",
            margin=0,
        )
        for start in range(0, len(widgets), SHORT_PER_ROW)
    ]


def _value(widget: Any) -> str | bool:
    if isinstance(widget, pmui.Checkbox):
        return bool(widget.value)
    if isinstance(widget, pmui.Select):
        return widget.value or ""
    return widget.value_input or ""


def _put(widget: Any, value: str | bool) -> None:
    if isinstance(widget, pmui.Checkbox):
        widget.value = value is True
    elif isinstance(widget, pmui.Select):
        widget.value = value
    else:
        widget.param.update(value=value, value_input=value)
