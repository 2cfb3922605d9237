// @ts-check
/**
 * A laboratory report typed by hand. What is typed lives in the fields and is never taken away by an answer; errors and
 * questions are put beside them. No words of its own.
 */

/** @typedef {{unit: string, low: string, high: string, source: string}} Unit */
/** @typedef {{name: string, units: Unit[], other_names: string[]}} Analysis */
/** @typedef {Record<string, HTMLInputElement>} Fields */
/** @typedef {{id: string, node: HTMLElement, fields: Fields, hint: HTMLElement, remove: HTMLElement, units: HTMLElement, filled: Record<string, string>}} Row */

const ROW_FIELDS = ["analysis", "value", "unit", "low", "high", "comment"];
const PROPOSED = ["unit", "low", "high"];
const TOLD_AFTER = 400; // ms: a throttle, so that somebody who never stops typing is heard too

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

/** Without accents or capitals. @param {string} text */
const folded = (text) =>
  text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .trim();

/** @param {string} text @param {Record<string, any>} values */
const filledIn = (text, values) => text.replace(/\{(\w+)\}/g, (_all, name) => String(values[name] ?? ""));

let made = 0;

/** @param {{model: any, el: HTMLElement}} context */
export function render({ model, el }) {
  const labels = model.labels;
  const id = `entry-${++made}`;
  /** @type {Map<string, HTMLElement>} where errors and questions of a field stand */
  const answers = new Map();
  /** @type {Map<string, HTMLInputElement>} */
  const inputs = new Map();
  /** @type {Row[]} */
  let rows = [];
  /** @type {number | undefined} */
  let telling;

  const title = h("h2", { tabindex: -1 });
  const names = h("datalist", { id: `${id}-names` });
  const head = {
    day: field("day", labels.day, { type: "date" }),
    time: field("time", labels.time, { type: "time" }),
    laboratory: field("laboratory", labels.laboratory, { type: "text", maxlength: 80, autocomplete: "off" }),
  };
  const list = h("div", { class: "rows" });
  const add = h("button", { type: "button", class: "btn btn--line", onclick: () => focusOn(addRow()) }, labels.add);
  const rowsAnswer = h("p", { class: "answer answer--bad", role: "alert" });
  answers.set("rows", rowsAnswer);
  const notice = h("p", { class: "notice", role: "status" });
  const save = h("button", { type: "button", class: "btn btn--primary", onclick: () => tell("save") });
  const close = h("button", { type: "button", class: "btn btn--line", onclick: () => leave(false) }, labels.cancel);
  const discard = h("button", { type: "button", class: "btn", onclick: () => leave(true) }, labels.discard);
  const body = h(
    "section",
    { class: "entry" },
    title,
    h("p", { class: "lead" }, labels.lead),
    h("fieldset", { class: "sample" }, h("legend", {}, labels.sample), ...Object.values(head)),
    h("h3", {}, labels.rows),
    list,
    rowsAnswer,
    h("div", { class: "under" }, add, h("small", {}, labels.keys)),
    notice,
    h("div", { class: "buttons" }, save, close, discard),
    names,
  );
  body.addEventListener("input", tellSoon);
  body.addEventListener("td:draft", tellSoon); // the page has put back what was typed while the server was away
  el.replaceChildren(body);

  /** @param {string} name @param {string} label @param {Record<string, any>} looks */
  function field(name, label, looks) {
    const input = /** @type {HTMLInputElement} */ (
      h("input", { "data-draft": `${model.prefix}-${name}`, "aria-describedby": `${id}-${name}-a`, ...looks })
    );
    const answer = h("small", { class: "answer", id: `${id}-${name}-a` });
    inputs.set(name, input);
    answers.set(name, answer);
    const short = name.split(".").pop();
    return h("div", { class: `cell cell--${short}` }, h("label", { class: "field" }, h("span", { class: "lab" }, label), input), answer);
  }

  /** @param {Record<string, string>} [values] */
  function addRow(values) {
    if (rows.length >= model.most_rows) return rows[rows.length - 1];
    const highest = Math.max(0, ...rows.map((row) => Number(row.id.slice(1))));
    const rowId = values?.id ?? `r${highest + 1}`;
    const units = h("datalist", { id: `${id}-${rowId}-units` });
    const looks = /** @type {Record<string, any>} */ ({
      analysis: { type: "text", list: `${id}-names`, maxlength: 80, autocomplete: "off" },
      value: { type: "text", inputmode: "decimal", maxlength: 40, placeholder: labels.value_hint, autocomplete: "off" },
      unit: { type: "text", list: `${id}-${rowId}-units`, maxlength: 20, autocomplete: "off", autocapitalize: "off" },
      low: { type: "text", inputmode: "decimal", maxlength: 40, autocomplete: "off" },
      high: { type: "text", inputmode: "decimal", maxlength: 40, autocomplete: "off" },
      comment: { type: "text", maxlength: 200, autocomplete: "off" },
    });
    const cells = ROW_FIELDS.map((name) => field(`${rowId}.${name}`, labels[name], looks[name]));
    const fields = /** @type {Fields} */ (
      Object.fromEntries(ROW_FIELDS.map((name) => [name, inputs.get(`${rowId}.${name}`)]))
    );
    const hint = h("small", { class: "hint" });
    const remove = h("button", { type: "button", class: "btn remove", onclick: () => removeRow(row) }, "×");
    const node = h("fieldset", { class: "row" }, h("legend", { class: "vh" }), ...cells, remove, hint, units);
    const row = /** @type {Row} */ ({ id: rowId, node, fields, hint, remove, units, filled: {} });
    for (const name of ROW_FIELDS) {
      fields[name].value = values?.[name] ?? "";
      fields[name].addEventListener("keydown", (event) => onKey(/** @type {KeyboardEvent} */ (event), row));
    }
    fields.analysis.addEventListener("change", () => propose(row, true));
    fields.unit.addEventListener("change", () => propose(row, false));
    rows.push(row);
    list.append(node);
    renumber();
    proposeUnits(row);
    return row;
  }

  /** @param {Row} row */
  function removeRow(row) {
    const at = rows.indexOf(row);
    rows = rows.filter((one) => one !== row);
    row.node.remove();
    for (const name of ROW_FIELDS) {
      inputs.delete(`${row.id}.${name}`);
      answers.delete(`${row.id}.${name}`);
    }
    if (!rows.length) addRow();
    renumber();
    focusOn(rows[Math.min(at, rows.length - 1)]);
    tellSoon();
  }

  function renumber() {
    rows.forEach((row, index) => {
      const number = index + 1;
      const legend = /** @type {HTMLElement} */ (row.node.firstElementChild);
      legend.textContent = filledIn(labels.row, { number });
      row.remove.setAttribute("aria-label", filledIn(labels.remove, { number }));
      row.remove.setAttribute("title", filledIn(labels.remove, { number }));
    });
    /** @type {HTMLButtonElement} */ (add).disabled = rows.length >= model.most_rows;
  }

  /** @param {Row} row */
  const focusOn = (row) => row.fields.analysis.focus();

  /** @param {KeyboardEvent} event @param {Row} row */
  function onKey(event, row) {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    const next = rows[rows.indexOf(row) + 1];
    focusOn(next ?? addRow());
  }

  /** @param {Row} row @returns {Analysis | undefined} */
  function chosen(row) {
    const wanted = folded(row.fields.analysis.value);
    return model.catalogue.find((/** @type {Analysis} */ one) =>
      [one.name, ...one.other_names].some((name) => folded(name) === wanted),
    );
  }

  /** @param {Row} row */
  function proposeUnits(row) {
    const units = chosen(row)?.units ?? [];
    row.units.replaceChildren(...units.map((one) => h("option", { value: one.unit })));
  }

  /**
   * Unit and bounds of the analysis that was chosen, where nothing was typed but what was proposed before.
   * @param {Row} row @param {boolean} withUnit
   */
  function propose(row, withUnit) {
    const analysis = chosen(row);
    const { fields, filled } = row;
    const untouched = (/** @type {string} */ name) => fields[name].value === (filled[name] ?? "");
    proposeUnits(row);
    if (analysis && withUnit) fields.analysis.value = analysis.name;
    const unit = withUnit && untouched("unit") ? analysis?.units[0]?.unit ?? "" : fields.unit.value.trim();
    const usual = analysis?.units.find((one) => one.unit === unit);
    const values = /** @type {Record<string, string>} */ ({ unit, low: usual?.low ?? "", high: usual?.high ?? "" });
    const bounds = untouched("low") && untouched("high");
    for (const name of PROPOSED) {
      if (name === "unit" ? !(withUnit && untouched("unit")) : !bounds) continue;
      fields[name].value = filled[name] = values[name];
    }
    const told = bounds && (values.low || values.high) && usual?.source;
    row.hint.textContent = told ? filledIn(labels.proposed, { source: usual?.source }) : "";
    tellSoon();
  }

  function form() {
    const of = (/** @type {string} */ name) => inputs.get(name)?.value ?? "";
    const typed = rows.map((row) => ({
      id: row.id,
      ...Object.fromEntries(ROW_FIELDS.map((name) => [name, row.fields[name].value])),
    }));
    return { day: of("day"), time: of("time"), laboratory: of("laboratory"), rows: typed };
  }

  /** @param {string} kind */
  function tell(kind) {
    clearTimeout(telling);
    telling = undefined;
    model.send_msg({ t: kind, form: form() });
  }

  function tellSoon() {
    telling ??= window.setTimeout(() => tell("changed"), TOLD_AFTER);
  }

  /** @param {boolean} away */
  function leave(away) {
    if (!away && telling !== undefined) tell("changed");
    clearTimeout(telling);
    telling = undefined;
    model.send_msg({ t: "leave", discard: away });
  }

  /** Errors and questions beside their fields. @param {boolean} moved whether to go to the first error */
  function annotate(moved) {
    let first;
    for (const [name, place] of answers) {
      const error = model.errors[name] ?? "";
      const said = error || (model.questions[name] ?? "");
      const short = name.split(".")[1];
      place.textContent = said && short ? filledIn(labels.answer, { field: labels[short], answer: said }) : said;
      place.className = `answer ${error ? "answer--bad" : "answer--ask"}`;
      const input = inputs.get(name);
      if (!input) continue;
      if (error) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
      if (error) first ??= input;
    }
    if (moved) first?.focus();
  }

  function say() {
    notice.textContent = model.notice;
    notice.className = model.notice_bad ? "notice notice--bad" : "notice";
    notice.setAttribute("role", model.notice_bad ? "alert" : "status");
    const usual = model.correcting ? labels.save_correction : labels.save;
    save.textContent = model.confirming ? labels.save_anyway : usual;
  }

  function proposeNames() {
    const every = model.catalogue.flatMap((/** @type {Analysis} */ one) => [
      h("option", { value: one.name }),
      ...one.other_names.map((name) => h("option", { value: name }, one.name)),
    ]);
    names.replaceChildren(...every);
    for (const row of rows) proposeUnits(row);
  }

  function draw() {
    title.textContent = model.correcting ? labels.title_correcting : labels.title;
    const begun = model.form;
    for (const name of ["day", "time", "laboratory"]) {
      const input = inputs.get(name);
      if (input) input.value = begun[name] ?? "";
    }
    inputs.get("day")?.setAttribute("max", model.latest_day);
    for (const row of rows) {
      row.node.remove();
      for (const name of ROW_FIELDS) {
        inputs.delete(`${row.id}.${name}`);
        answers.delete(`${row.id}.${name}`);
      }
    }
    rows = [];
    for (const values of begun.rows ?? []) addRow(values);
    if (!rows.length) addRow();
    annotate(false);
    say();
  }
  model.on("form", draw);
  model.on("catalogue", proposeNames);
  for (const name of ["errors", "questions"]) model.on(name, () => annotate(false));
  // A draft is answered while somebody types: only who has just saved is led to a mistake, once all of the answer is there.
  model.on("refused", () => queueMicrotask(() => annotate(true)));
  for (const name of ["notice", "notice_bad", "confirming", "correcting"]) model.on(name, say);
  proposeNames();
  draw();
  // On a telephone the form opens below the list: it is brought into view, and read out.
  requestAnimationFrame(() => title.focus());
}
