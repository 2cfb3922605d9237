// @ts-check
/** The list of télédossiers. Draws `content`, tells each change of a filter, opens a row. No words of its own. */

import { h, renew, steady } from "../_shared/dom.js";

const SVG = "http://www.w3.org/2000/svg";
/** @param {string} box @param {[string, Record<string, string>][]} shapes */
function drawing(box, shapes, cls = "") {
  const node = document.createElementNS(SVG, "svg");
  node.setAttribute("viewBox", box);
  node.setAttribute("aria-hidden", "true");
  if (cls) node.setAttribute("class", cls);
  for (const [tag, props] of shapes) {
    const shape = document.createElementNS(SVG, tag);
    for (const name in props) shape.setAttribute(name, props[name]);
    node.append(shape);
  }
  return node;
}

/** How full the step's glyph is: the eye reads progress. */
const FILLED = /** @type {Record<string, string>} */ ({
  requested: "M7 7V3.5A3.5 3.5 0 0 1 10.5 7Z", planned: "M7 3.5a3.5 3.5 0 0 1 0 7Z",
  in_call: "M7 4.2a2.8 2.8 0 1 1 0 5.6a2.8 2.8 0 1 1 0-5.6Z", opinion_due: "M7 7H3.5A3.5 3.5 0 1 0 7 3.5Z",
});

/** @param {any} row */
function chip(row) {
  /** @type {[string, Record<string, string>][]} */
  const shapes = [["circle", { cx: "7", cy: "7", r: "5.5", fill: row.step === "closed" ? "currentColor" : "none", stroke: "currentColor", "stroke-width": "1.5", ...(row.step === "draft" ? { "stroke-dasharray": "2 2" } : {}) }]];
  if (FILLED[row.step]) shapes.push(["path", { d: FILLED[row.step], fill: "currentColor" }]);
  if (row.step === "closed") shapes.push(["path", { d: "m4.6 7.2 1.7 1.7 3.1-3.4", fill: "none", stroke: "white", "stroke-width": "1.5" }]);
  if (row.step === "cancelled") shapes.push(["path", { d: "m3.5 10.5 7-7", fill: "none", stroke: "currentColor", "stroke-width": "1.5" }]);
  return h("span", { class: `etape etape--${row.step}` }, drawing("0 0 14 14", shapes), row.step_label);
}

/** @param {{model: any, el: HTMLElement}} context */
export function render({ model, el }) {
  const labels = model.labels;
  /** @type {Record<string, any>} */
  let query = { selection: "waiting", ...model.query };
  let timer = 0;

  const send = () => model.send_msg({ t: "query", query });
  /** A change of a filter: looking for something looks everywhere, not only in what waits. */
  const change = (/** @type {Record<string, any>} */ part, delay = 0) => {
    query = { ...query, ...part };
    if ((part.text || part.step || part.first_day || part.last_day) && query.selection !== "all") query.selection = "all";
    clearTimeout(timer);
    timer = window.setTimeout(send, delay);
    drawCounters();
  };
  const open = (/** @type {MouseEvent} */ event, /** @type {any} */ row) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    model.send_msg({ t: "open", number: row.number });
  };

  // ---- filters are made once, so that typing never loses its field
  const search = /** @type {HTMLInputElement} */ (h("input", { type: "search", "data-draft": "recherche", placeholder: labels.search_hint, value: query.text, autocomplete: "off", oninput: (/** @type {any} */ e) => change({ text: e.target.value }, 150) }));
  search.addEventListener("td:draft", () => change({ text: search.value })); // typed while the server was away
  const select = (/** @type {string} */ name, /** @type {[string, string][]} */ options) => {
    const node = /** @type {HTMLSelectElement} */ (h("select", { onchange: (/** @type {any} */ e) => change({ [name]: e.target.value }) }));
    fill(node, options, query[name]);
    return node;
  };
  const fill = (/** @type {HTMLSelectElement} */ node, /** @type {[string, string][]} */ options, value = "") => {
    renew(node, options.map(([code, label]) => h("option", { value: code }, label)));
    node.value = options.some(([code]) => code === value) ? value : "";
  };
  const step = select("step", [["", labels.all_steps], .../** @type {[string, string][]} */ (Object.entries(model.steps))]);
  const specialty = select("specialty", []);
  const day = (/** @type {string} */ name) => h("input", { type: "date", value: query[name], onchange: (/** @type {any} */ e) => change({ [name]: e.target.value }) });
  const mine = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", checked: query.mine_only, onchange: (/** @type {any} */ e) => change({ mine_only: e.target.checked }) }));
  const first = /** @type {HTMLInputElement} */ (day("first_day")), last = /** @type {HTMLInputElement} */ (day("last_day"));
  const field = (/** @type {string} */ label, /** @type {Node} */ control, cls = "", icon = null) => h("label", { class: `field ${cls}` }, h("span", { class: "lab" }, label), icon, control);
  const glass = /** @type {any} */ (drawing("0 0 24 24", [["circle", { cx: "11", cy: "11", r: "6.5" }], ["path", { d: "m16 16 4 4" }]], "ic"));
  const filters = h("form", { class: "filters", role: "search", onsubmit: (/** @type {Event} */ e) => e.preventDefault() },
    field(labels.search, search, "field--ic f-search", glass), field(labels.step, step, "field--sel f-step"), field(labels.specialty, specialty, "field--sel f-spec"),
    field(labels.first_day, first, "f-day"), field(labels.last_day, last, "f-day"), h("label", { class: "check" }, mine, labels.mine_only));
  const clear = () => {
    search.value = step.value = specialty.value = first.value = last.value = "";
    mine.checked = false;
    query = { selection: "all" };
    change({});
  };

  const counters = h("ul", { class: "cnt", "aria-label": labels.counters });
  const date = h("div", { class: "agenda__d" }), meetings = h("ol");
  const agenda = h("section", { class: "agenda card", "aria-label": labels.agenda }, date, meetings);
  const list = h("div");
  const heads = [["c-urg", h("span", { class: "vh" }, labels.urgency)], ["c-num", labels.number], ["c-pat", labels.patient], ["c-step", labels.step], ["c-date", labels.planned], ["c-spec", labels.specialty], ["c-struct", labels.structure], ["c-req", labels.requester], ["c-exp", labels.expert], ["c-doc num", labels.documents]];
  const body = h("tbody"), cards = h("div", { class: "cards" });
  const table = h("table", { class: "tbl" }, h("caption", { class: "vh" }, labels.table),
    h("thead", {}, h("tr", {}, ...heads.map(([cls, text]) => h("th", { class: cls, scope: "col" }, text)))), body);
  const head = h("div", { class: "head" }, model.title ? h("h1", {}, model.title) : null, counters);
  const whole = h("div", { class: "browser" }, head, agenda, h("div", { class: "card listcard" }, filters, list));
  el.replaceChildren(whole);

  function drawCounters() {
    const counts = model.content.counts || {};
    const kinds = [["all", labels.all], ["waiting", labels.waiting], ["today", labels.today], ["opinion_due", labels.opinion_due], ["urgent", labels.urgents]];
    renew(counters, kinds.map(([kind, label]) => h("li", { "data-key": kind }, h("button", { type: "button", "aria-pressed": String(query.selection === kind), onclick: () => change({ selection: kind }) },
      kind === "urgent" ? h("i") : null, `${label} `, h("b", {}, String(counts[kind] ?? 0))))));
  }

  function drawAgenda() {
    const { agenda: items = [], agenda_title: day = "", agenda_detail: detail = "" } = model.content;
    agenda.hidden = !items.length;
    renew(date, [h("b", {}, day), h("span", {}, detail)]);
    renew(meetings, items.map((/** @type {any} */ item) => h("li", { class: `ag ag--${item.state}`, "data-key": item.href }, h("a", { href: item.href, onclick: (/** @type {MouseEvent} */ e) => open(e, { number: new URL(item.href, location.href).searchParams.get("dossier") || "" }) },
        h("span", { class: "ag__h" }, h("b", {}, item.hour), h("small", {}, item.length)), h("span", { class: "ag__b" }, h("b", {}, item.patient), h("small", {}, item.place)), item.soon ? h("span", { class: "ag__in" }, item.soon) : null))));
  }

  function drawRows() {
    const rows = model.content.rows || [];
    if (!rows.length) {
      const waiting = query.selection === "waiting" && !query.text;
      list.replaceChildren(h("div", { class: "empty", role: "status" }, h("h3", {}, waiting ? labels.nothing_waits : labels.nothing_found), h("p", {}, waiting ? labels.nothing_waits_help : labels.nothing_found_help),
        h("button", { type: "button", class: "btn btn--line", onclick: clear }, waiting ? labels.show_all : labels.clear)));
      return;
    }
    const groups = [[labels.waiting_group, rows.filter((/** @type {any} */ r) => r.waiting)], [labels.followed_group, rows.filter((/** @type {any} */ r) => !r.waiting)]].filter(([, some]) => some.length);
    // One of both is laid out; a screen reader and a test must meet each row once.
    if (narrow.matches) {
      if (cards.parentNode !== list) list.replaceChildren(cards);
      renew(cards, groups.flatMap(([title, some]) => [h("h3", {}, `${title} (${some.length})`), ...some.map(card)]));
    } else {
      if (table.parentNode !== list) list.replaceChildren(table);
      renew(body, groups.flatMap(([title, some]) => [h("tr", { class: "grp" }, h("th", { colspan: 10, scope: "rowgroup" }, title, h("span", { class: "count" }, String(some.length)))), ...some.map(tableRow)]));
    }
  }

  const tableRow = (/** @type {any} */ row, /** @type {number} */ i) => h("tr", { class: `rw ${row.over ? "gone" : ""} ${i === 0 && row.planned_today && row.waiting ? "rw--next" : ""}`, "data-key": row.number, onclick: (/** @type {MouseEvent} */ e) => open(e, row) },
    h("td", { class: "c-urg" }, row.urgent ? h("span", { class: "urg" }, labels.urgent) : null), h("td", { class: "c-num" }, h("a", { href: row.href }, row.number)),
    h("td", { class: "c-pat" }, h("span", { class: "pt" }, row.family_name), ` ${row.first_name}`, h("span", { class: "muted" }, ` · ${row.traits}`)), h("td", { class: "c-step" }, chip(row)),
    h("td", { class: "c-date dt" }, row.planned_today ? h("b", {}, row.planned) : row.planned), h("td", { class: "c-spec" }, row.specialty), h("td", { class: "c-struct", title: row.structure }, row.structure),
    h("td", { class: "c-req" }, row.requester), h("td", { class: "c-exp" }, row.expert || "—"), h("td", { class: "c-doc num" }, String(row.documents)));
  const card = (/** @type {any} */ row) => h("a", { class: "card mrow", "data-key": row.number, href: row.href, onclick: (/** @type {MouseEvent} */ e) => open(e, row) },
    h("div", {}, h("span", {}, h("span", { class: "pt" }, row.family_name), ` ${row.first_name}`), row.urgent ? h("span", { class: "urg" }, labels.urgent) : null),
    h("div", {}, chip(row), h("span", { class: "dt" }, row.planned_today ? h("b", {}, row.planned) : row.planned)), h("small", {}, `${row.number} · ${row.traits} · ${row.structure}`));

  function drawSpecialties() {
    fill(specialty, [["", labels.all_specialties], ...(model.content.specialties || []).map((/** @type {string} */ name) => [name, name])], query.specialty);
  }
  const narrow = matchMedia("(max-width: 760px)");
  const draw = () => { drawCounters(); drawAgenda(); drawSpecialties(); drawRows(); };
  narrow.addEventListener("change", drawRows);
  model.on("content", steady(whole, draw));
  model.on("remove", () => { clearTimeout(timer); narrow.removeEventListener("change", drawRows); });
  draw();
}
