// @ts-check
/**
 * Images made of numbers on a canvas. A window is a table of 65 536 greys, applied here: no server, no evaluated script
 * between a slider and the picture. What is written beside a picture always belongs to the picture that is shown, even
 * while the next one is on its way. No words of its own.
 */

/** @typedef {{x: number, y: number}} Point */

/** @param {string} tag @param {Record<string, any>} [props] @param {...(Node|string|null)} children */
function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value == null) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(.../** @type {(Node|string)[]} */ (children.filter((child) => child !== null && child !== "")));
  return node;
}

const DRAWINGS = /** @type {Record<string, string>} */ ({
  windowing: "M12 4a8 8 0 1 1 0 16a8 8 0 1 1 0-16ZM12 4v16M12.500 7h5M12.500 10h7M12.500 13h7M12.500 16h6",
  pan: "M12 3v18M3 12h18M9.500 5.500 12 3l2.500 2.500M9.500 18.500 12 21l2.500-2.500M5.500 9.500 3 12l2.500 2.500M18.500 9.500 21 12l-2.500 2.500",
  zoom: "M11 4.500a6.500 6.500 0 1 1 0 13a6.500 6.500 0 1 1 0-13ZM16 16l4 4M11 8.500v5M8.500 11h5",
  measure: "m4 16 12-12 4 4L8 20ZM8 12l2 2M11 9l2 2M14 6l2 2",
  turn: "M19.500 12A7.500 7.500 0 1 1 17 6.400L19.500 9M19.500 4.500V9H15",
  reset: "M4.500 12A7.500 7.500 0 1 0 7 6.400L4.500 9M4.500 4.500V9H9",
  fullscreen: "M4 9V5.500A1.500 1.500 0 0 1 5.500 4H9M15 4h3.500A1.500 1.500 0 0 1 20 5.500V9M20 15v3.500a1.500 1.500 0 0 1-1.500 1.500H15M9 20H5.500A1.500 1.500 0 0 1 4 18.500V15",
  note: "M12 3.500a8.500 8.500 0 1 1 0 17a8.500 8.500 0 1 1 0-17ZM12 11v5M12 8v.2",
});
/** @param {string} name */
function icon(name) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: "ic", "aria-hidden": "true" })) node.setAttribute(key, value);
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", DRAWINGS[name]);
  node.append(path);
  return node;
}
const CACHE_BYTES = 192e6;
const AHEAD = 2;
const LARGEST_ZOOM = 16;
const TOOLS = ["windowing", "pan", "zoom", "measure"];
/** @param {{model: any, el: HTMLElement}} context */
export function render({ model, el }) {
  const labels = model.labels, info = model.info;
  const words = (/** @type {string} */ key, /** @type {Record<string, any>} */ values = {}) => labels[key].replace(/\{(\w+)\}/g, (/** @type {string} */ _all, /** @type {string} */ name) => String(values[name] ?? ""));
  const slope = info.slope || 1, intercept = info.intercept || 0;
  const value = (/** @type {number} */ number) => number * slope + intercept;
  const breadth = (/** @type {number} */ numbers) => numbers * Math.abs(slope);
  const named = /** @type {[string, number, number][]} */ (info.presets || []), isNamed = named.some(([, level, width]) => level === info.level && width === info.window);
  const own = { level: value(info.level), window: breadth(info.window) };
  const presets = [...(isNamed ? [] : [/** @type {[string, number, number]} */ ([labels.default, info.level, info.window])]), ...named].map(([name, level, width]) => /** @type {[string, number, number]} */ ([name, value(level), breadth(width)]));
  const fine = Math.abs(breadth(info.highest - info.lowest)) < 20;
  const written = (/** @type {number} */ number, digits = fine ? 2 : 0) => number.toLocaleString(labels.locale, { maximumFractionDigits: digits, useGrouping: false });
  const withUnit = (/** @type {number} */ number) => (info.unit ? `${written(number)} ${info.unit}` : written(number));
  const last = info.frames - 1;
  const state = { wanted: model.frame ?? Math.floor(info.frames / 2), shown: -1, level: model.level ?? own.level, window: model.window ?? own.window, zoom: 1, x: 0, y: 0, turn: 0, tool: TOOLS[0] };
  /** @type {Map<number, Uint16Array>} */
  const frames = new Map();
  /** @type {Map<number, [Point, Point][]>} */
  const measures = new Map();
  /** @type {Point | null} */
  let start = null;
  /** @type {Point | null} */
  let aim = null;
  // ---- the picture
  const canvas = /** @type {HTMLCanvasElement} */ (h("canvas", { tabindex: 0, role: "img", "aria-describedby": "help" }));
  const paper = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
  const plate = document.createElement("canvas");
  plate.width = info.columns;
  plate.height = info.rows;
  const platePaper = /** @type {CanvasRenderingContext2D} */ (plate.getContext("2d", { alpha: false }));
  const points = platePaper.createImageData(info.columns, info.rows);
  const greys = new Uint32Array(points.data.buffer);
  const table = new Uint32Array(65536);
  const stretch = info.row_mm && info.column_mm ? info.row_mm / info.column_mm : 1;
  /** DICOM PS3.3 C.11.2.1.2, linear, for one value. */
  function grey(/** @type {number} */ shown) {
    const share = state.window > 1 ? (shown - (state.level - 0.5)) / (state.window - 1) + 0.5 : Number(shown > state.level);
    const light = Math.round(Math.min(1, Math.max(0, share)) * 255);
    return info.inverted ? 255 - light : light;
  }
  function fillTable() {
    if (info.is_color) {
      const lights = Uint32Array.from({ length: 256 }, (_nothing, light) => grey(light));
      for (let i = 0; i < 65536; i++) table[i] = 0xff000000 | (lights[((i & 31) * 255) / 31 | 0] << 16) | (lights[(((i >> 5) & 63) * 255) / 63 | 0] << 8) | lights[((i >> 11) * 255) / 31 | 0];
      return;
    }
    for (let i = 0; i < 65536; i++) {
      const light = grey(value((i << 16) >> 16));
      table[i] = 0xff000000 | (light << 16) | (light << 8) | light;
    }
  }
  function develop() {
    const numbers = frames.get(state.shown);
    if (!numbers) return;
    fillTable();
    for (let i = 0; i < numbers.length; i++) greys[i] = table[numbers[i]];
    platePaper.putImageData(points, 0, 0);
  }
  /** Screen points for a point of the picture as wide as a column. */
  function scale() {
    const wide = state.turn % 2 ? info.rows * stretch : info.columns, high = state.turn % 2 ? info.columns : info.rows * stretch;
    return Math.min(canvas.clientWidth / wide, canvas.clientHeight / high) * 0.97 * state.zoom;
  }
  const QUARTERS = [[1, 0], [0, 1], [-1, 0], [0, -1]];
  function toScreen(/** @type {Point} */ p) {
    const s = scale(), [cos, sin] = QUARTERS[state.turn], x = (p.x - info.columns / 2) * s, y = (p.y - info.rows / 2) * stretch * s;
    return { x: canvas.clientWidth / 2 + state.x + x * cos - y * sin, y: canvas.clientHeight / 2 + state.y + x * sin + y * cos };
  }
  function toPicture(/** @type {Point} */ p) {
    const s = scale(), [cos, sin] = QUARTERS[state.turn], x = p.x - canvas.clientWidth / 2 - state.x, y = p.y - canvas.clientHeight / 2 - state.y;
    return { x: (x * cos + y * sin) / s + info.columns / 2, y: (y * cos - x * sin) / s / stretch + info.rows / 2 };
  }
  const clamped = (/** @type {Point} */ p) => ({ x: Math.min(info.columns, Math.max(0, p.x)), y: Math.min(info.rows, Math.max(0, p.y)) });
  let developing = false, waiting = 0;
  function refresh(again = false) {
    developing ||= again;
    waiting ||= requestAnimationFrame(() => {
      waiting = 0;
      if (developing) develop();
      developing = false;
      draw();
      write();
    });
  }
  function draw() {
    const dots = window.devicePixelRatio || 1, width = Math.round(canvas.clientWidth * dots), height = Math.round(canvas.clientHeight * dots);
    if (!width || !height) return;
    if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
    paper.setTransform(1, 0, 0, 1, 0, 0);
    paper.fillStyle = "#000";
    paper.fillRect(0, 0, width, height);
    if (state.shown < 0) return;
    const s = scale(), [cos, sin] = QUARTERS[state.turn], middle = { x: canvas.clientWidth / 2 + state.x, y: canvas.clientHeight / 2 + state.y };
    paper.setTransform(cos * s * dots, sin * s * dots, -sin * s * stretch * dots, cos * s * stretch * dots, middle.x * dots, middle.y * dots);
    paper.imageSmoothingEnabled = s < 6;
    paper.imageSmoothingQuality = "high";
    paper.drawImage(plate, -info.columns / 2, -info.rows / 2);
    paper.setTransform(dots, 0, 0, dots, 0, 0);
    for (const [a, b] of measures.get(state.shown) || []) drawMeasure(a, b);
    if (start && aim) drawMeasure(start, aim);
    if (aim && state.tool === "measure") drawAim(toScreen(aim));
  }
  function drawMeasure(/** @type {Point} */ a, /** @type {Point} */ b) {
    const from = toScreen(a), to = toScreen(b), length = Math.hypot(to.x - from.x, to.y - from.y) || 1, nx = (-(to.y - from.y) / length) * 6, ny = ((to.x - from.x) / length) * 6;
    for (const [colour, width] of /** @type {[string, number][]} */ ([["rgba(0,0,0,.75)", 4], ["#ffd666", 1.75]])) {
      paper.strokeStyle = colour;
      paper.lineWidth = width;
      paper.beginPath();
      paper.moveTo(from.x, from.y); paper.lineTo(to.x, to.y);
      for (const end of [from, to]) { paper.moveTo(end.x - nx, end.y - ny); paper.lineTo(end.x + nx, end.y + ny); }
      paper.stroke();
    }
    paper.font = "600 13px system-ui, sans-serif";
    const text = distance(a, b), width = paper.measureText(text).width, x = Math.min(canvas.clientWidth - width - 8, Math.max(8, Math.max(from.x, to.x) + 8)), y = Math.max(18, (from.x > to.x ? from.y : to.y) - 8);
    paper.lineWidth = 4; paper.strokeStyle = "rgba(0,0,0,.75)"; paper.strokeText(text, x, y);
    paper.fillStyle = "#ffd666"; paper.fillText(text, x, y);
  }
  function drawAim(/** @type {Point} */ p) {
    paper.strokeStyle = "#ffd666"; paper.lineWidth = 1;
    paper.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) { paper.moveTo(p.x + dx * 4, p.y + dy * 4); paper.lineTo(p.x + dx * 12, p.y + dy * 12); }
    paper.stroke();
  }
  function distance(/** @type {Point} */ a, /** @type {Point} */ b) {
    if (info.row_mm && info.column_mm) return words("measured", { mm: Math.hypot((a.x - b.x) * info.column_mm, (a.y - b.y) * info.row_mm).toLocaleString(labels.locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 }) });
    return words("measured_points", { points: written(Math.hypot(a.x - b.x, a.y - b.y), 0) });
  }
  // ---- what is written around it
  const corner = (/** @type {string} */ place, text = "") => h("p", { class: `ov ov--${place}` }, text);
  const below = corner("bl"), numbers = corner("br");
  const sides = ["left", "right", "top", "bottom"].map((side) => h("b", { class: `or or--${side}` }));
  const says = h("div", { class: "says", hidden: true }), spoken = h("p", { class: "vh", role: "status" });
  const clear = h("button", { type: "button", class: "clear", hidden: true, onclick: () => { measures.delete(state.shown); start = null; refresh(); canvas.focus(); } }, labels.clear);
  const scene = h("div", { class: "scene", "data-tool": state.tool }, canvas, ...sides, corner("tl", info.identity), corner("tr", info.detail), below, numbers, clear, says, spoken, h("p", { class: "vh", id: "help" }, labels.help));
  /** @type {Point | null} */
  let pointed = null;
  function write() {
    const frame = state.shown + 1, lines = [];
    if (frame && last) lines.push(words("shown_frame", { frame, frames: info.frames }));
    lines.push(words("shown_zoom", { zoom: written(state.zoom, 1) }));
    const pixels = frames.get(state.shown), at = pointed && !info.is_color && { x: Math.floor(pointed.x), y: Math.floor(pointed.y) };
    if (pixels && at && at.x >= 0 && at.y >= 0 && at.x < info.columns && at.y < info.rows) lines.push(words("pointed", { value: withUnit(value((pixels[at.y * info.columns + at.x] << 16) >> 16)) }));
    below.textContent = lines.join("\n");
    numbers.textContent = `${words("short", { window: written(state.window), level: written(state.level) })}${info.unit ? ` ${info.unit}` : ""}`;
    clear.hidden = !(measures.get(state.shown) || []).length;
    canvas.setAttribute("aria-label", words("image", { frame, frames: info.frames }));
    // Turned by a quarter clockwise, what lay left is above: left, top, right, bottom move on by one.
    const [left, right, top, bottom] = info.sides || [], around = [left, top, right, bottom], turned = (/** @type {number} */ i) => around[(i - state.turn + 4) % 4] || "";
    [turned(0), turned(2), turned(1), turned(3)].forEach((letter, i) => { sides[i].textContent = letter; });
    for (const chip of chips.children) chip.setAttribute("aria-pressed", String(Number(chip.getAttribute("data-level")) === state.level && Number(chip.getAttribute("data-window")) === state.window));
    windowSlider.set(state.window);
    levelSlider.set(state.level);
    frameSlider.set(state.wanted + 1);
  }
  function tell(text = "", retry = false) {
    says.hidden = !text;
    says.replaceChildren(text, ...(retry ? [h("br"), h("button", { type: "button", class: "chip", onclick: () => show(state.wanted) }, labels.retry)] : []));
    spoken.textContent = text;
  }
  // ---- controls
  function slider(/** @type {string} */ name, /** @type {number} */ min, /** @type {number} */ max, /** @type {number} */ step, /** @type {(now: number) => void} */ act) {
    const range = /** @type {HTMLInputElement} */ (h("input", { type: "range", "aria-label": labels[name], min, max, step, oninput: () => act(Number(range.value)) }));
    const isFrame = name === "frame";
    const field = /** @type {HTMLInputElement} */ (h("input", isFrame ? { hidden: true } : { type: "number", "aria-label": labels[`${name}_value`], step, onchange: () => act(Number(field.value)) }));
    const text = h("span");
    return {
      element: h("div", { class: "sld" }, h("span", { "aria-hidden": "true" }, labels[name]), range, h("span", { class: "val" }, isFrame ? null : field, text)),
      set(/** @type {number} */ now) {
        range.value = String(now);
        range.style.setProperty("--at", `${(100 * (Math.min(max, Math.max(min, now)) - min)) / (max - min || 1)}%`);
        const said = isFrame ? words("frame_of", { frame: now, frames: info.frames }) : info.unit;
        text.textContent = said;
        range.setAttribute("aria-valuetext", isFrame ? said : withUnit(now));
        if (document.activeElement !== field && field.getRootNode() instanceof ShadowRoot && /** @type {ShadowRoot} */ (field.getRootNode()).activeElement !== field) field.value = String(Math.round(now * 100) / 100);
      },
    };
  }
  const step = fine ? 0.01 : 1;
  const ends = presets.flatMap(([, level]) => [level]).concat(value(info.lowest), value(info.highest));
  const windowSlider = slider("window", step, Math.ceil(Math.max(breadth(info.highest - info.lowest), ...presets.map((preset) => preset[2] * 1.25))), step, (now) => look({ window: now }));
  const levelSlider = slider("level", Math.floor(Math.min(...ends)), Math.ceil(Math.max(...ends)), step, (now) => look({ level: now }));
  const frameSlider = slider("frame", 1, info.frames, 1, (now) => show(now - 1));
  const chips = h("div", { class: "chips", role: "group", "aria-label": labels.presets }, ...presets.map(([name, level, window]) => h("button", { type: "button", class: "chip", "data-level": level, "data-window": window, onclick: () => look({ level, window }) }, name)));
  const tool = (/** @type {string} */ name, /** @type {() => void} */ act, pressed = false) => h("button", { type: "button", class: "tl", "aria-pressed": TOOLS.includes(name) ? String(pressed) : null, onclick: act }, icon(name), h("span", {}, labels[name]));
  const toolButtons = TOOLS.map((name) => tool(name, () => choose(name), name === state.tool));
  const full = h("button", { type: "button", class: "sq", "aria-label": labels.fullscreen, title: labels.fullscreen, onclick: () => (document.fullscreenElement ? document.exitFullscreen() : viewer.requestFullscreen?.()) }, icon("fullscreen"));
  const viewer = h("div", { class: "viewer" },
    h("div", { class: "bar" }, h("div", { class: "tools", role: "toolbar", "aria-label": labels.tools }, ...toolButtons, tool("turn", () => { state.turn = (state.turn + 1) % 4; refresh(); }), tool("reset", reset)), chips, full),
    scene, h("div", { class: "side" }, h("div", { class: "sliders" }, windowSlider.element, levelSlider.element, last ? frameSlider.element : null),
      h("p", { class: "note" }, icon("note"), labels.not_diagnostic)));
  function choose(/** @type {string} */ name) {
    state.tool = name;
    start = aim = null;
    scene.dataset.tool = name;
    toolButtons.forEach((button, i) => button.setAttribute("aria-pressed", String(TOOLS[i] === name)));
    refresh();
  }
  function reset() {
    Object.assign(state, { zoom: 1, x: 0, y: 0, turn: 0 });
    measures.clear();
    start = aim = null;
    look(own);
  }
  /** Change window or level; what a number field did not understand is ignored. */
  function look(/** @type {{window?: number, level?: number}} */ part) {
    const level = part.level ?? state.level, width = part.window ?? state.window;
    if (Number.isFinite(level) && Number.isFinite(width)) { state.level = level; state.window = Math.max(step, width); }
    refresh(true);
    remember();
  }
  function zoomTo(/** @type {number} */ zoom, /** @type {Point} */ about = { x: canvas.clientWidth / 2, y: canvas.clientHeight / 2 }) {
    const under = toPicture(about);
    state.zoom = Math.min(LARGEST_ZOOM, Math.max(1, zoom));
    if (state.zoom === 1) state.x = state.y = 0;
    else { const now = toScreen(under); state.x += about.x - now.x; state.y += about.y - now.y; }
    refresh();
  }
  let remembering = 0;
  function remember() {
    remembering ||= window.setTimeout(() => { remembering = 0; for (const [name, now] of /** @type {[string, number][]} */ ([["frame", state.wanted], ["level", state.level], ["window", state.window]])) if (model[name] !== now) model[name] = now; }, 300);
  }

  // ---- frames
  let controller = new AbortController();
  async function show(/** @type {number} */ frame) {
    state.wanted = Math.min(last, Math.max(0, frame));
    frameSlider.set(state.wanted + 1);
    controller.abort();
    if (frames.has(state.wanted)) { arrived(); return; }
    const wanted = state.wanted, here = (controller = new AbortController());
    window.setTimeout(() => { if (state.wanted === wanted && state.shown !== wanted && !here.signal.aborted) tell(words("loading", { frame: wanted + 1 })); }, 250);
    if (!model.source) { model.send_msg({ frame: wanted }); return; }
    try { keep(wanted, await fetched(wanted, here.signal)); } catch { if (!here.signal.aborted) tell(words("failed", { frame: wanted + 1 }), true); }
  }
  async function fetched(/** @type {number} */ frame, /** @type {AbortSignal} */ signal) {
    const answer = await fetch(`${model.source}/${frame}`, { signal });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.arrayBuffer();
  }
  function keep(/** @type {number} */ frame, /** @type {ArrayBuffer} */ bytes) {
    if (bytes.byteLength !== info.rows * info.columns * 2) throw new Error("length");
    frames.set(frame, new Uint16Array(bytes));
    const most = Math.max(8, Math.floor(CACHE_BYTES / bytes.byteLength));
    for (const old of frames.keys()) { if (frames.size <= most) break; if (old !== state.shown && old !== state.wanted) frames.delete(old); }
    if (frame === state.wanted && state.shown !== frame) arrived();
  }
  function arrived() {
    if (state.shown !== state.wanted) start = aim = null;
    state.shown = state.wanted;
    tell();
    refresh(true);
    remember();
    ahead();
  }
  /** The neighbours come before they are asked for. */
  function ahead() {
    for (let far = 1; far <= AHEAD; far++) for (const next of [state.shown + far, state.shown - far]) {
      if (next < 0 || next > last || frames.has(next)) continue;
      if (model.source) fetched(next, controller.signal).then((bytes) => keep(next, bytes), () => {});
      else model.send_msg({ frame: next });
    }
  }
  model.on("msg:custom", (/** @type {any} */ message) => {
    const raw = atob(message.pixels), bytes = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
    keep(message.frame, bytes.buffer);
  });

  // ---- mouse and fingers
  /** @type {Map<number, Point>} */
  const fingers = new Map();
  const place = (/** @type {MouseEvent} */ event) => { const box = canvas.getBoundingClientRect(); return { x: event.clientX - box.left, y: event.clientY - box.top }; };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, place(event));
    if (state.tool === "measure" && fingers.size === 1 && !event.button) point(clamped(toPicture(place(event))));
  });
  canvas.addEventListener("pointermove", (event) => {
    const now = place(event), before = fingers.get(event.pointerId);
    pointed = toPicture(now);
    if (state.tool === "measure") aim = clamped(pointed);
    if (!before) { refresh(); return; }
    const dx = now.x - before.x, dy = now.y - before.y, other = fingers.size === 2 ? [...fingers].find(([id]) => id !== event.pointerId)?.[1] : null;
    fingers.set(event.pointerId, now);
    if (other) {
      start = null;
      state.x += dx / 2; state.y += dy / 2;
      zoomTo((state.zoom * Math.hypot(now.x - other.x, now.y - other.y)) / (Math.hypot(before.x - other.x, before.y - other.y) || 1), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
    } else if (state.tool === "pan" || event.buttons === 4) { state.x += dx; state.y += dy; refresh(); }
    else if (state.tool === "zoom") zoomTo(state.zoom * Math.exp(-dy / 150));
    else if (state.tool === "windowing") { const speed = Math.max(state.window, 20) / 250; look({ window: Math.max(step, Math.round((state.window + dx * speed) / step) * step), level: Math.round((state.level - dy * speed) / step) * step }); }
    else refresh();
  });
  const up = (/** @type {PointerEvent} */ event) => {
    fingers.delete(event.pointerId);
    if (state.tool !== "measure" || !start || event.type === "pointercancel") return;
    const end = clamped(toPicture(place(event))), from = toScreen(start), to = toScreen(end);
    if (Math.hypot(from.x - to.x, from.y - to.y) > 6) point(end);
  };
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("pointerleave", () => { pointed = null; if (!start) aim = null; refresh(); });
  canvas.addEventListener("dblclick", () => { if (state.tool !== "measure") zoomTo(1); });
  /** One end of a measure: by pressing and dragging, by two clicks, or by Enter twice. */
  function point(/** @type {Point} */ at) {
    if (state.shown < 0) return;
    aim = at;
    if (start) {
      const from = start;
      start = null;
      measures.set(state.shown, [...(measures.get(state.shown) || []), /** @type {[Point, Point]} */ ([from, at])].slice(-20));
      spoken.textContent = distance(from, at);
    } else start = at;
    refresh();
  }
  let turned = 0;
  canvas.addEventListener("wheel", (event) => {
    if (event.ctrlKey || !last) { event.preventDefault(); zoomTo(state.zoom * Math.exp(-event.deltaY / 400), place(event)); return; }
    // At either end the page scrolls on.
    if (event.deltaY > 0 ? state.wanted === last : state.wanted === 0) return;
    event.preventDefault();
    turned += event.deltaMode ? event.deltaY * 40 : event.deltaY;
    if (Math.abs(turned) >= 40) { show(state.wanted + Math.sign(turned)); turned = 0; }
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const arrows = /** @type {Record<string, [number, number]>} */ ({ ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] })[event.key];
    const slice = /** @type {Record<string, number>} */ ({ ArrowUp: -1, ArrowDown: 1, PageUp: -1, PageDown: 1 })[event.key];
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (state.tool === "measure" && arrows) {
      const at = toScreen(aim || { x: info.columns / 2, y: info.rows / 2 }), far = event.shiftKey ? 20 : 2;
      aim = clamped(toPicture({ x: at.x + arrows[0] * far, y: at.y + arrows[1] * far }));
      refresh();
    } else if (state.tool === "measure" && event.key === "Enter") point(aim || { x: info.columns / 2, y: info.rows / 2 });
    else if (slice) show(state.wanted + slice);
    else if (event.key === "Home") show(0);
    else if (event.key === "End") show(last);
    else if (event.key === "+" || event.key === "=") zoomTo(state.zoom * 1.25);
    else if (event.key === "-") zoomTo(state.zoom / 1.25);
    else if (event.key === "Escape" && start) { start = null; refresh(); }
    else if (event.key === "Delete" || event.key === "Backspace") { measures.get(state.shown)?.pop(); refresh(); }
    else return;
    event.preventDefault();
  });

  // ---- life
  el.replaceChildren(h("div", { class: "room" }, viewer));
  const resized = new ResizeObserver(() => refresh());
  resized.observe(canvas);
  model.on("frame", () => { if (Number.isInteger(model.frame) && model.frame !== state.wanted) show(model.frame); });
  for (const name of ["level", "window"]) model.on(name, () => { if (typeof model[name] === "number" && model[name] !== state[/** @type {"level"} */ (name)]) look({ [name]: model[name] }); });
  model.on("remove", () => { controller.abort(); resized.disconnect(); cancelAnimationFrame(waiting); clearTimeout(remembering); });
  write();
  show(state.wanted);
}
