// @ts-check
/** Grey images on a canvas: numbers in, window and level here, no server between a slider and the picture. */

/** @param {string} tag @param {Record<string, any>} [props] @param {...(Node|string|null)} children */
function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value == null) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== ""));
  return node;
}

const KEPT = 40;

/** @param {{model: any, el: HTMLElement}} context */
export function render({ model, el }) {
  const labels = model.labels, info = model.info;
  const words = (/** @type {string} */ key, /** @type {Record<string, any>} */ values = {}) => labels[key].replace(/\{(\w+)\}/g, (/** @type {string} */ _all, /** @type {string} */ name) => String(values[name] ?? ""));
  const state = { frame: Math.floor(info.frames / 2), level: info.level, window: info.window, zoom: 1, x: 0, y: 0, measuring: false };
  /** @type {Map<number, Int16Array>} */
  const frames = new Map();
  /** @type {{x: number, y: number}[]} */
  let points = [];

  const canvas = /** @type {HTMLCanvasElement} */ (h("canvas", { width: info.columns, height: info.rows, tabindex: 0, role: "img" }));
  const paper = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const pixels = paper.createImageData(info.columns, info.rows);
  const rule = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  rule.setAttribute("class", "rule");
  rule.setAttribute("viewBox", `0 0 ${info.columns} ${info.rows}`);
  const stage = h("div", { class: "pic" }, canvas, rule);
  const numbers = h("p", { class: "corner corner--tr" });
  const says = h("p", { class: "corner corner--br", role: "status" });
  const scene = h("div", { class: "scene" }, stage, h("p", { class: "corner corner--tl" }, h("b", {}, info.identity), h("br"), info.detail), numbers, h("p", { class: "corner corner--bl" }, labels.not_diagnostic), says);

  const slider = (/** @type {string} */ label, /** @type {number} */ min, /** @type {number} */ max, /** @type {number} */ value, /** @type {(value: number) => void} */ act) => {
    const shown = h("output", {}, String(Math.round(value)));
    const input = /** @type {HTMLInputElement} */ (h("input", { type: "range", min, max, step: 1, value, oninput: () => { shown.textContent = input.value; act(Number(input.value)); } }));
    return { element: h("label", { class: "slide" }, h("span", {}, label), input, shown), set(/** @type {number} */ now) { input.value = String(now); shown.textContent = String(Math.round(now)); } };
  };
  const span = Math.max(1, info.highest - info.lowest);
  const frameSlider = slider(labels.frame, 1, info.frames, state.frame + 1, (value) => show(value - 1));
  const windowSlider = slider(labels.window, 1, Math.max(span, info.window * 2, 4000), state.window, (value) => { state.window = value; draw(); });
  const levelSlider = slider(labels.level, Math.min(info.lowest, -1000), Math.max(info.highest, 1000), state.level, (value) => { state.level = value; draw(); });
  const preset = (/** @type {string} */ name, /** @type {number} */ level, /** @type {number} */ width) => h("button", { type: "button", class: "btn btn--line", onclick: () => { state.level = level; state.window = width; levelSlider.set(level); windowSlider.set(width); draw(); } }, name);
  const measure = h("button", { type: "button", class: "btn btn--line", "aria-pressed": "false", onclick: () => { state.measuring = !state.measuring; measure.setAttribute("aria-pressed", String(state.measuring)); points = []; mark(); } }, labels.measure);
  const zoomTo = (/** @type {number} */ zoom) => { state.zoom = Math.min(8, Math.max(1, zoom)); if (state.zoom === 1) state.x = state.y = 0; place(); };
  const button = (/** @type {string} */ label, /** @type {string} */ text, /** @type {() => void} */ act) => h("button", { type: "button", class: "btn btn--line sq", "aria-label": label, title: label, onclick: act }, text);
  const tools = h("div", { class: "tools" }, info.frames > 1 ? frameSlider.element : null, windowSlider.element, levelSlider.element,
    h("div", { class: "presets", role: "group", "aria-label": labels.presets }, preset(labels.default, info.level, info.window), ...(info.presets || []).map((/** @type {[string, number, number]} */ p) => preset(...p))),
    h("div", { class: "presets" }, button(labels.zoom_out, "−", () => zoomTo(state.zoom / 1.5)), button(labels.zoom_in, "+", () => zoomTo(state.zoom * 1.5)), button(labels.fit, "1:1", () => zoomTo(1)), measure));
  el.replaceChildren(h("div", { class: "viewer" }, scene, tools));

  function draw() {
    const values = frames.get(state.frame);
    if (!values) return;
    const low = state.level - state.window / 2, scale = 255 / state.window, out = pixels.data, inverted = info.inverted;
    for (let i = 0, o = 0; i < values.length; i++, o += 4) {
      let grey = (values[i] - low) * scale;
      grey = grey < 0 ? 0 : grey > 255 ? 255 : grey;
      if (inverted) grey = 255 - grey;
      out[o] = out[o + 1] = out[o + 2] = grey;
      out[o + 3] = 255;
    }
    paper.putImageData(pixels, 0, 0);
    numbers.textContent = `${labels.window} ${Math.round(state.window)} · ${labels.level} ${Math.round(state.level)} · ${state.frame + 1} / ${info.frames}`;
    canvas.setAttribute("aria-label", words("image", { frame: state.frame + 1, frames: info.frames }));
  }
  function place() {
    stage.style.transform = `translate(${state.x}px, ${state.y}px) scale(${state.zoom})`;
  }
  async function show(/** @type {number} */ frame) {
    state.frame = Math.min(info.frames - 1, Math.max(0, frame));
    frameSlider.set(state.frame + 1);
    points = [];
    mark();
    if (frames.has(state.frame)) { draw(); ahead(); return; }
    says.textContent = labels.loading;
    const wanted = state.frame;
    if (!model.source) { model.send_msg({ frame: wanted }); return; }
    try { keep(wanted, await fetched(wanted)); } catch { says.textContent = labels.failed; return; }
    ahead();
  }
  async function fetched(/** @type {number} */ frame) {
    const answer = await fetch(`${model.source}/${frame}`);
    if (!answer.ok) throw new Error(String(answer.status));
    return new Int16Array(await answer.arrayBuffer());
  }
  function keep(/** @type {number} */ frame, /** @type {Int16Array} */ values) {
    frames.set(frame, values);
    if (frames.size > KEPT) frames.delete(/** @type {number} */ (frames.keys().next().value));
    if (frame === state.frame) { says.textContent = ""; draw(); }
  }
  /** The neighbours come before they are asked for. */
  function ahead() {
    if (!model.source) return;
    for (const next of [state.frame + 1, state.frame - 1]) if (next >= 0 && next < info.frames && !frames.has(next)) fetched(next).then((values) => keep(next, values), () => {});
  }
  model.on("msg:custom", (/** @type {any} */ message) => {
    const raw = atob(message.pixels), bytes = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
    keep(message.frame, new Int16Array(bytes.buffer));
  });

  function mark() {
    rule.replaceChildren();
    if (!points.length) { if (!says.textContent || /\d/.test(says.textContent)) says.textContent = ""; return; }
    for (const point of points) {
      const dot = document.createElementNS("http://www.w3.org/2000/svg", "circle");
      dot.setAttribute("cx", String(point.x)); dot.setAttribute("cy", String(point.y)); dot.setAttribute("r", String(info.columns / 120));
      rule.append(dot);
    }
    if (points.length < 2) return;
    const [a, b] = points, line = document.createElementNS("http://www.w3.org/2000/svg", "line");
    for (const [name, value] of [["x1", a.x], ["y1", a.y], ["x2", b.x], ["y2", b.y]]) line.setAttribute(String(name), String(value));
    rule.append(line);
    const mm = Math.hypot((a.x - b.x) * info.column_mm, (a.y - b.y) * info.row_mm);
    says.textContent = mm ? words("measured", { mm: mm.toFixed(1).replace(".", ",") }) : words("measured_points", { points: Math.round(Math.hypot(a.x - b.x, a.y - b.y)) });
  }
  /** @type {{x: number, y: number} | null} */
  let drag = null;
  stage.addEventListener("pointerdown", (event) => {
    if (state.measuring) {
      const box = canvas.getBoundingClientRect();
      if (points.length === 2) points = [];
      points.push({ x: ((event.clientX - box.left) / box.width) * info.columns, y: ((event.clientY - box.top) / box.height) * info.rows });
      mark();
      return;
    }
    drag = { x: event.clientX - state.x, y: event.clientY - state.y };
    stage.setPointerCapture(event.pointerId);
  });
  stage.addEventListener("pointermove", (event) => { if (drag && state.zoom > 1) { state.x = event.clientX - drag.x; state.y = event.clientY - drag.y; place(); } });
  for (const name of ["pointerup", "pointercancel"]) stage.addEventListener(name, () => { drag = null; });
  scene.addEventListener("wheel", (event) => { if (!event.ctrlKey && state.zoom === 1 && event.deltaY > 0) return; event.preventDefault(); zoomTo(state.zoom * (event.deltaY < 0 ? 1.15 : 1 / 1.15)); }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, PageDown: 1, ArrowUp: -1, PageUp: -1 }[event.key];
    if (step) { event.preventDefault(); show(state.frame + step); }
    else if (event.key === "+") zoomTo(state.zoom * 1.5);
    else if (event.key === "-") zoomTo(state.zoom / 1.5);
  });
  show(state.frame);
}
