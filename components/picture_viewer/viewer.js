// @ts-check
/** Photographs to be looked at, compared and measured: the bar, one or two panes, the panel. Words come in `labels`. */

import { h, pictogram, said } from "../_shared/dom.js";
import { MeasurePanel } from "./panel.js";
import { Pane } from "./pane.js";
import { sourceOf } from "./sources.js";

const DRAWINGS = /** @type {Record<string, string>} */ ({
  zoom_out: "M11 4.500a6.500 6.500 0 1 0 0 13a6.500 6.500 0 1 0 0-13ZM16 16l4 4M8.500 11h5",
  zoom_in: "M11 4.500a6.500 6.500 0 1 0 0 13a6.500 6.500 0 1 0 0-13ZM16 16l4 4M11 8.500v5M8.500 11h5",
  fit: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  turn: "M19.500 12A7.500 7.500 0 1 1 17 6.400L19.500 9M19.500 4.500V9H15",
  lighting: "M12 8a4 4 0 1 0 0 8a4 4 0 1 0 0-8ZM12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M18.700 5.300l-1.400 1.400M6.700 17.300l-1.400 1.400",
  measuring: "m4 16 12-12 4 4L8 20ZM8 12l2 2M11 9l2 2M14 6l2 2",
  download: "M12 4v11m-4.500-4.500L12 15l4.500-4.500M5 20h14",
  help: "M12 3.500a8.500 8.500 0 1 0 0 17a8.500 8.500 0 1 0 0-17ZM9.500 9.500a2.500 2.500 0 1 1 3.600 2.200c-.800.400-1.100.900-1.100 1.800M12 16.500v.100",
});
const LIGHTS = ["brightness", "contrast"];

/** @param {{model: any, el: HTMLElement}} context */
export function render({ model, el }) {
  const labels = model.labels;
  const source = sourceOf(model);
  const state = { tool: "move", linked: true, measuring: false, lighting: false };
  /** @type {Pane[]} */
  let panes = [];
  /** @type {Pane | undefined} */
  let active;

  // ---- the bar
  const tool = (/** @type {string} */ name, /** @type {() => void} */ act, /** @type {boolean} */ pressed = false) =>
    h("button", { type: "button", class: "tool", "aria-label": labels[name], title: labels[name], "aria-pressed": pressed ? "false" : null, onclick: act }, pictogram(DRAWINGS[name]));
  const percent = h("span", { class: "figures" });
  const lighter = tool("lighting", () => show({ lighting: !state.lighting }), true);
  const measurer = h("button", { type: "button", class: "btn btn--line", "aria-pressed": "false", onclick: () => show({ measuring: !state.measuring }) }, pictogram(DRAWINGS.measuring), labels.measuring);
  const whole = h("button", { type: "button", class: "tool one", "aria-label": labels.one_to_one, title: labels.one_to_one, onclick: () => together((camera) => camera.setScale(1 / camera.dots)) }, labels.one_short);
  const zoomer = h("div", { class: "group" }, tool("zoom_out", () => together((camera) => camera.zoom(1 / 1.25))), percent, tool("zoom_in", () => together((camera) => camera.zoom(1.25))), tool("fit", () => together((camera) => camera.fit())), whole);
  const viewing = h("div", { class: "group" }, tool("turn", () => active?.turn(1)), lighter);
  const chooser = /** @type {HTMLSelectElement} */ (h("select", { onchange: () => { model.other = chooser.value; } }));
  const compare = h("label", { class: "field field--sel compare" }, h("span", { class: "lab" }, labels.compare), chooser);
  const save = /** @type {HTMLAnchorElement} */ (h("a", { class: "tool", download: "", "aria-label": labels.download, title: labels.download }, pictogram(DRAWINGS.download)));
  const keys = /** @type {HTMLDialogElement} */ (h("dialog", { class: "keys", "aria-label": labels.help }));
  const helper = tool("help", () => keys.showModal());
  const title = h("h2", { class: "title" });
  const bar = h("div", { class: "bar", role: "toolbar", "aria-label": labels.tools }, zoomer, viewing, measurer, compare);
  const head = h("div", { class: "head" }, title, helper, save);

  // ---- what stands below the bar, when it is wanted
  const layouts = ["beside", "slider"].map((name) => h("button", { type: "button", class: "chip", "aria-pressed": "false", "data-layout": name, onclick: () => { model.layout = name; } }, labels[name]));
  const link = h("button", { type: "button", class: "chip", "aria-pressed": "true", onclick: () => { state.linked = !state.linked; names(); } }, labels.linked);
  const end = h("button", { type: "button", class: "chip", onclick: () => { model.other = ""; } }, labels.end_comparison);
  const comparing = h("div", { class: "strip", role: "group", "aria-label": labels.comparison, hidden: true }, ...layouts, link, end);
  const sliders = LIGHTS.map((name) => /** @type {HTMLInputElement} */ (h("input", { type: "range", min: 40, max: 250, step: 5, "aria-label": labels[name], oninput: () => light() })));
  const plain = h("button", { type: "button", class: "chip", onclick: () => { sliders.forEach((each) => { each.value = "100"; }); light(); } }, labels.reset);
  const lighted = h("div", { class: "strip", role: "group", "aria-label": labels.lighting, hidden: true }, ...sliders.flatMap((slider, at) => [h("span", { "aria-hidden": "true" }, labels[LIGHTS[at]]), slider]), plain);
  const split = /** @type {HTMLInputElement} */ (h("input", { type: "range", class: "split", min: 0, max: 100, value: 50, "aria-label": labels.split, oninput: () => divide() }));
  const room = h("div", { class: "panes" });
  const spoken = h("p", { class: "vh", role: "status" });
  const panel = new MeasurePanel(labels, { choose, say: (text) => { spoken.textContent = text; }, undo: () => active?.undo(), active: () => active });
  const viewer = h("div", { class: "viewer" }, head, bar, comparing, lighted, h("div", { class: "work" }, room, panel.node), h("p", { class: "vh", id: "keys" }, labels.stage_help), spoken, keys);
  el.replaceChildren(viewer);
  viewer.classList.toggle("viewer--free", !model.height && !["stretch_both", "stretch_height"].includes(model.sizing_mode));
  keys.append(...keyMap());

  function keyMap() {
    const rows = labels.keys.map((/** @type {[string, string]} */ [key, what]) => h("div", {}, h("dt", {}, ...key.split(" ").map((each) => h("kbd", {}, each))), h("dd", {}, what)));
    const close = h("button", { type: "button", class: "btn btn--primary", onclick: () => keys.close() }, labels.close);
    return [h("h3", {}, labels.help), h("dl", {}, ...rows), close];
  }

  // ---- what is shown

  /** Panes for what is chosen; those that stay keep what is in them. */
  function open() {
    const wanted = [model.picture, model.other].filter((id, at, all) => id && all.indexOf(id) === at);
    const pictures = wanted.flatMap((id) => model.pictures.filter((/** @type {any} */ each) => each.id === id));
    pictures.sort((a, b) => (a.at < b.at ? -1 : 1));
    const before = panes;
    panes = pictures.map((picture) => before.find((pane) => pane.picture.id === picture.id) ?? new Pane(picture, source, labels, told));
    before.filter((pane) => !panes.includes(pane)).forEach((pane) => pane.close());
    active = panes.find((pane) => pane === active) ?? panes.find((pane) => pane.picture.id === model.picture) ?? panes[0];
    room.replaceChildren(...panes.map((pane) => pane.node), ...(panes.length > 1 ? [split] : []));
    const others = model.pictures.filter((/** @type {any} */ each) => each.id !== model.picture);
    const option = (/** @type {any} */ picture) => h("option", { value: picture.id }, `${picture.date} · ${picture.title}`);
    chooser.replaceChildren(h("option", { value: "" }, labels.none), ...others.map(option));
    compare.hidden = !others.length;
    panel.open(panes);
    names();
  }

  function names() {
    const two = panes.length > 1;
    const sliding = two && model.layout === "slider";
    const main = model.pictures.find((/** @type {any} */ each) => each.id === model.picture);
    title.textContent = main?.title ?? "";
    if (main?.source) save.href = `${main.source}?enregistrer=1`;
    save.hidden = !main?.source;
    chooser.value = two ? model.other : "";
    comparing.hidden = !two;
    lighted.hidden = !state.lighting;
    room.dataset.layout = sliding ? "slider" : two ? "beside" : "single";
    split.hidden = !sliding;
    for (const each of layouts) each.setAttribute("aria-pressed", String(each.dataset.layout === model.layout));
    link.setAttribute("aria-pressed", String(state.linked || sliding));
    /** @type {HTMLButtonElement} */ (link).disabled = sliding;
    lighter.setAttribute("aria-pressed", String(state.lighting));
    measurer.setAttribute("aria-pressed", String(state.measuring));
    panel.node.hidden = !state.measuring;
    viewer.dataset.tool = state.tool;
    for (const pane of panes) pane.node.toggleAttribute("data-active", two && pane === active);
    sliders.forEach((slider, at) => { slider.value = String(active?.light[LIGHTS[at]] ?? 100); });
    divide();
    figures();
  }

  function figures() {
    if (active) percent.textContent = said(labels.zoomed, { percent: Math.round(100 * active.camera.magnification) });
  }

  /** Before lies under after: what is left of the line is cut out of the one above. */
  function divide() {
    const at = room.dataset.layout === "slider" ? `inset(0 0 0 ${split.value}%)` : "";
    panes.forEach((pane, index) => { pane.stage.style.clipPath = index ? at : ""; });
    room.style.setProperty("--split", `${split.value}%`);
  }

  /** @param {{lighting?: boolean, measuring?: boolean}} wanted */
  function show(wanted) {
    Object.assign(state, wanted);
    if (!state.measuring && state.tool !== "move") choose("move");
    names();
  }

  function light() {
    if (!active) return;
    active.light = { brightness: Number(sliders[0].value), contrast: Number(sliders[1].value) };
    active.refresh();
  }

  // ---- what panes tell

  /** @param {(camera: import("./camera.js").Camera) => void} act @param {Pane} [from] */
  function together(act, from = active) {
    const all = state.linked || room.dataset.layout === "slider";
    for (const pane of panes) {
      if (!all && pane !== from) continue;
      act(pane.camera);
      pane.refresh();
    }
    figures();
  }

  /** @param {string} name */
  function choose(name) {
    state.tool = name;
    for (const pane of panes) pane.drawing.drop();
    panel.tool(name);
    names();
    if (name !== "move") active?.stage.focus({ preventScroll: true });
  }

  const told = {
    gesture: (/** @type {Pane} */ pane, /** @type {any} */ act) => together(act, pane),
    active: (/** @type {Pane} */ pane) => { if (active !== pane) { active = pane; names(); } },
    changed: () => panel.tell(),
    drawn: (/** @type {Pane} */ pane) => pane === active && figures(),
    say: (/** @type {string} */ text) => { spoken.textContent = text; },
    tool: () => state.tool,
    choose,
    finished: (/** @type {Pane} */ pane, /** @type {string} */ name) => {
      if (name === "reference") choose("move");
      panel.finished(pane, name);
    },
  };

  viewer.addEventListener("keydown", (event) => {
    const from = event.composedPath()[0];
    if (event.key !== "?" || from instanceof HTMLInputElement) return;
    event.preventDefault();
    keys.showModal();
  });
  for (const name of ["pictures", "picture", "other"]) model.on(name, open);
  model.on("layout", names);
  model.on("remove", () => {
    panes.forEach((pane) => pane.close());
    source.close();
  });
  open();
}
