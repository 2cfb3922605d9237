// @ts-check
/** Laboratory results: a head and a curve per analysis, the same as a table. Draws words, has none of its own. */

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

/** Shapes of the key: the same as Bokeh's markers. */
const SHAPES = /** @type {Record<string, string>} */ ({ normal: "M7 2.500a4.500 4.500 0 1 1 0 9a4.500 4.500 0 1 1 0-9Z", abnormal: "M7 2 12.500 11.500H1.500Z", critical: "M7 .8 12 7 7 13.200 2 7Z" });

/** @param {string} kind */
function shape(kind) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [name, value] of Object.entries({ viewBox: "0 0 14 14", class: `k k--${kind}`, "aria-hidden": "true" })) node.setAttribute(name, value);
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", SHAPES[kind]);
  node.append(path);
  return node;
}

let made = 0;

/** @param {{model: any, el: HTMLElement}} context */
export function render({ model, el }) {
  const labels = model.labels, id = `lab-${++made}`;
  const title = h("h2", { id }), detail = h("p", { class: "detail" });
  const only = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", onchange: () => { model.abnormal_only = only.checked; filter(); } }));
  const key = h("p", { class: "key" }, h("span", {}, h("i", { class: "k-band" }), labels.key_band), h("span", {}, shape("normal"), labels.key_normal),
    h("span", {}, shape("abnormal"), labels.key_abnormal), h("span", { class: "warm" }, shape("critical"), labels.key_critical));
  const cells = h("ul", { class: "sms", "aria-label": labels.curves }), table = h("div");
  const nothing = h("p", { class: "nothing", role: "status" });
  const body = h("div", {}, key, nothing, cells, table);
  const empty = h("div", { class: "empty" }, h("h3", {}, labels.empty), h("p", {}, labels.empty_help));
  el.replaceChildren(h("section", { class: "labs", "aria-labelledby": id }, h("header", {}, title, detail, h("label", { class: "check" }, only, labels.only)), empty, body));

  function drawCells() {
    const plots = /** @type {HTMLElement[]} */ ([].concat(model.get_child("plots") || []));
    cells.replaceChildren(...model.cards.map((/** @type {any} */ card, /** @type {number} */ i) => h("li", { class: `sm sm--${card.flag}`, "data-abnormal": String(card.abnormal) },
      h("div", { class: "sm__h" }, h("h3", {}, card.name), h("span", { class: `fl fl--${card.flag}` }, card.chip)),
      h("p", { class: "sm__v" }, h("b", {}, card.value), h("span", { class: "unit" }, card.unit), h("span", { class: "ref" }, card.detail)),
      h("div", { class: "sm__c", role: "img", "aria-label": card.said }, plots[i] || null))));
  }
  function drawTable() {
    const { heads = [], rows = [] } = model.table;
    const col = (/** @type {string} */ text, cls = "") => h("th", { scope: "col", class: cls }, text);
    const cell = (/** @type {any} */ one) => h("td", { class: `c c--${one.flag}` }, one.value, one.arrow ? h("i", { "aria-hidden": "true" }, ` ${one.arrow}`) : null, one.said ? h("span", { class: "vh" }, ` ${one.said}`) : null);
    table.replaceChildren(h("h3", { class: "t", id: `${id}-t` }, labels.table), h("div", { class: "scroll", role: "region", tabindex: 0, "aria-labelledby": `${id}-t` },
      h("table", { "aria-labelledby": `${id}-t` }, h("thead", {}, h("tr", {}, col(labels.analysis, "first"), col(labels.unit, "left"), col(labels.reference), ...heads.map((/** @type {string} */ day) => col(day)))),
        h("tbody", {}, ...rows.map((/** @type {any} */ row) => h("tr", { "data-abnormal": String(row.abnormal) }, h("th", { scope: "row", class: "first" }, row.name), h("td", { class: "left" }, row.unit), h("td", {}, row.reference), ...row.cells.map(cell)))))));
  }
  function filter() {
    only.checked = model.abnormal_only;
    let shown = 0;
    for (const node of /** @type {NodeListOf<HTMLElement>} */ (body.querySelectorAll("[data-abnormal]"))) {
      node.hidden = only.checked && node.dataset.abnormal !== "true";
      if (!node.hidden) shown++;
    }
    nothing.textContent = shown ? "" : labels.none_abnormal;
    table.hidden = !shown;
  }
  function draw() {
    const some = model.cards.length > 0;
    title.textContent = model.title;
    detail.textContent = model.detail;
    empty.hidden = some;
    body.hidden = !some;
    /** @type {HTMLElement} */ (only.parentElement).hidden = !some;
    if (!some) return;
    drawCells();
    drawTable();
    filter();
  }
  model.on("abnormal_only", filter);
  for (const name of ["cards", "plots", "table", "title", "detail"]) model.on(name, draw);
  draw();
}
