// @ts-check
/** Laboratory results: a head and a curve per analysis, the same as a table. Draws words, has none of its own. */

/** @typedef {{value: string, flag: string, arrow: string, said: string, typed: boolean}} Cell */

const SVG = "http://www.w3.org/2000/svg";

/** Shapes of the key: the same as Bokeh's markers. */
const SHAPES = /** @type {Record<string, string>} */ ({
  normal: "M7 2.500a4.500 4.500 0 1 1 0 9a4.500 4.500 0 1 1 0-9Z",
  abnormal: "M7 2 12.500 11.500H1.500Z",
  critical: "M7 .8 12 7 7 13.200 2 7Z",
  typed: "M2.500 11.500 3.200 8.600 9.600 2.200 11.800 4.400 5.400 10.800Z",
});

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

/** @param {string} kind */
function shape(kind) {
  const node = document.createElementNS(SVG, "svg");
  const looks = { viewBox: "0 0 14 14", class: `k k--${kind}`, "aria-hidden": "true" };
  for (const [name, value] of Object.entries(looks)) node.setAttribute(name, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", SHAPES[kind]);
  node.append(path);
  return node;
}

/** Without accents or capitals. @param {string} text */
const folded = (text) =>
  text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase();

let made = 0;

/** @param {{model: any, el: HTMLElement}} context */
export function render({ model, el }) {
  const labels = model.labels;
  const id = `lab-${++made}`;
  const title = h("h2", { id });
  const detail = h("p", { class: "detail" });
  const only = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", onchange: chooseOnly }));
  const search = /** @type {HTMLInputElement} */ (h("input", { type: "search", oninput: searchFor }));
  const csv = h("a", { class: "btn btn--line", download: "" }, labels.csv);
  const tools = h(
    "div",
    { class: "tools" },
    h("label", { class: "field" }, h("span", { class: "lab" }, labels.search), search),
    h("label", { class: "check" }, only, labels.only),
    csv,
  );
  const typedKey = h("span", {}, shape("typed"), labels.key_typed);
  const key = h(
    "p",
    { class: "key" },
    h("span", {}, h("i", { class: "k-band" }), labels.key_band),
    h("span", {}, shape("normal"), labels.key_normal),
    h("span", {}, shape("abnormal"), labels.key_abnormal),
    h("span", { class: "warm" }, shape("critical"), labels.key_critical),
    typedKey,
  );
  const cells = h("ul", { class: "sms", "aria-label": labels.curves });
  const more = h("button", { type: "button", class: "btn btn--line more", onclick: askForMore });
  const table = h("div");
  const nothing = h("p", { class: "nothing", role: "status" });
  const body = h("div", {}, key, nothing, cells, more, table);
  const empty = h("div", { class: "empty" }, h("h3", {}, labels.empty), h("p", {}, labels.empty_help));
  const head = h("header", {}, title, detail, tools);
  el.replaceChildren(h("section", { class: "labs", "aria-labelledby": id }, head, empty, body));

  function chooseOnly() {
    model.abnormal_only = only.checked;
    filter();
  }

  function searchFor() {
    askForMore();
    filter();
  }

  function askForMore() {
    if (model.plots.length < model.cards.length) model.send_msg({ t: "more" });
  }

  /** @param {any} card @param {HTMLElement | undefined} plot */
  function drawCard(card, plot) {
    const looks = {
      class: `sm sm--${card.flag}`,
      "data-abnormal": String(card.abnormal),
      "data-name": folded(card.name),
    };
    const chip = h("span", { class: `fl fl--${card.flag}` }, card.chip);
    const mark = card.typed ? h("span", { class: "by-hand" }, shape("typed"), labels.typed) : null;
    return h(
      "li",
      looks,
      h("div", { class: "sm__h" }, h("h3", {}, card.name), chip),
      h(
        "p",
        { class: "sm__v" },
        h("b", {}, card.value),
        h("span", { class: "unit" }, card.unit),
        h("span", { class: "ref" }, card.detail),
      ),
      mark,
      card.other_units ? h("p", { class: "other" }, card.other_units) : null,
      h("div", { class: "sm__c", role: "img", "aria-label": card.said }, plot || null),
    );
  }

  function drawCells() {
    const plots = /** @type {HTMLElement[]} */ ([].concat(model.get_child("plots") || []));
    const drawn = model.cards.slice(0, plots.length);
    cells.replaceChildren(...drawn.map((/** @type {any} */ card, /** @type {number} */ i) => drawCard(card, plots[i])));
    more.hidden = plots.length >= model.cards.length;
    more.textContent = labels.more.replace("{count}", String(model.cards.length - plots.length));
  }

  /** @param {Cell} one */
  function drawCell(one) {
    return h(
      "td",
      { class: `c c--${one.flag}` },
      one.value,
      one.arrow ? h("i", { "aria-hidden": "true" }, ` ${one.arrow}`) : null,
      one.typed ? shape("typed") : null,
      one.said ? h("span", { class: "vh" }, ` ${one.said}`) : null,
    );
  }

  /** @param {any} row */
  function drawRow(row) {
    return h(
      "tr",
      { "data-abnormal": String(row.abnormal), "data-name": folded(row.name) },
      h("th", { scope: "row", class: "first" }, row.name),
      h("td", { class: "left" }, row.unit),
      h("td", {}, row.reference),
      ...row.cells.map(drawCell),
    );
  }

  function drawTable() {
    const { heads = [], rows = [], more: further = "", comments = [] } = model.table;
    const col = (/** @type {string} */ text, looks = "") => h("th", { scope: "col", class: looks }, text);
    const columns = [col(labels.analysis, "first"), col(labels.unit, "left"), col(labels.reference)];
    const whole = h(
      "table",
      { "aria-labelledby": `${id}-t` },
      h("thead", {}, h("tr", {}, ...columns, ...heads.map((/** @type {string} */ day) => col(day)))),
      h("tbody", {}, ...rows.map(drawRow)),
    );
    const remarks = comments.map((/** @type {string} */ text) => h("li", {}, text));
    table.replaceChildren(
      h("h3", { class: "t", id: `${id}-t` }, labels.table),
      h("div", { class: "scroll", role: "region", tabindex: 0, "aria-labelledby": `${id}-t` }, whole),
      further ? h("p", { class: "further" }, further) : "",
      remarks.length ? h("h3", { class: "t" }, labels.comments) : "",
      remarks.length ? h("ul", { class: "remarks" }, ...remarks) : "",
    );
    typedKey.hidden = !rows.some((/** @type {any} */ row) => row.cells.some((/** @type {Cell} */ one) => one.typed));
  }

  function filter() {
    only.checked = model.abnormal_only;
    const wanted = folded(search.value.trim());
    let shown = 0;
    for (const node of /** @type {NodeListOf<HTMLElement>} */ (body.querySelectorAll("[data-abnormal]"))) {
      const { abnormal, name = "" } = node.dataset;
      node.hidden = (only.checked && abnormal !== "true") || !name.includes(wanted);
      if (!node.hidden) shown++;
    }
    nothing.textContent = shown ? "" : wanted ? labels.none_found : labels.none_abnormal;
    table.hidden = !shown;
  }

  function draw() {
    const some = model.cards.length > 0;
    title.textContent = model.title;
    detail.textContent = model.detail;
    empty.hidden = some;
    body.hidden = tools.hidden = !some;
    csv.hidden = !model.csv_url;
    csv.setAttribute("href", model.csv_url || "#");
    if (!some) return;
    drawCells();
    drawTable();
    filter();
  }
  model.on("abnormal_only", filter);
  for (const name of ["cards", "plots", "table", "title", "detail", "csv_url"]) model.on(name, draw);
  draw();
}
