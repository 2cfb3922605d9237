// @ts-check
/** The documents of a dossier. Draws `documents`, tells which one is chosen, sends new ones. No words of its own. */

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
  pdf: "M7 3h7l4.5 4.5V21H7a1.5 1.5 0 0 1-1.5-1.5v-15A1.5 1.5 0 0 1 7 3ZM13.5 3v5h5M9 12.5h6M9 16h6",
  picture: "M3.5 6.5a2 2 0 0 1 2-2h13a2 2 0 0 1 2 2v11a2 2 0 0 1-2 2h-13a2 2 0 0 1-2-2ZM3.5 16l4.5-4.5 4 4 3-3 5.500 5M15 9.500h.2",
  imaging: "M4 8V5.5A1.5 1.5 0 0 1 5.500 4H8M16 4h2.500A1.500 1.500 0 0 1 20 5.500V8M20 16v2.500a1.500 1.500 0 0 1-1.500 1.500H16M8 20H5.500A1.500 1.500 0 0 1 4 18.500V16M12 8.500a3.500 3.500 0 1 1 0 7a3.500 3.500 0 1 1 0-7Z",
  laboratory: "M9.500 3.500h5M10.500 3.500v6L5 18.500A1.500 1.500 0 0 0 6.300 20.500h11.400a1.500 1.500 0 0 0 1.300-2L13.500 9.500v-6M8 15h8",
  download: "M12 4v11m-4-4 4 4 4-4M5 19.500h14",
  seen: "M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12ZM12 9a3 3 0 1 1 0 6a3 3 0 1 1 0-6Z",
});

/** @param {string} name */
function icon(name, size = 20) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: "ic", width: size, height: size, "aria-hidden": "true" })) node.setAttribute(key, String(value));
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", DRAWINGS[name] || DRAWINGS.pdf);
  node.append(path);
  return node;
}

/** @param {{model: any, el: HTMLElement}} context */
export function render({ model, el }) {
  const labels = model.labels;
  const words = (/** @type {string} */ key, /** @type {Record<string, any>} */ values) => labels[key].replace(/\{(\w+)\}/g, (/** @type {string} */ _all, /** @type {string} */ name) => String(values[name] ?? ""));
  let kind = "";
  const list = h("ul", { class: "docs" });
  const kinds = /** @type {HTMLSelectElement} */ (h("select", { onchange: (/** @type {any} */ e) => { kind = e.target.value; draw(); } }));
  const says = h("p", { class: "says", role: "status", "aria-live": "polite" });
  const bar = h("progress", { max: 100, value: 0, hidden: true });
  const chosen = /** @type {HTMLInputElement} */ (h("input", { type: "file", class: "vh", tabindex: -1, "aria-hidden": "true", onchange: () => { for (const file of chosen.files || []) queue.push(file); chosen.value = ""; next(); } }));
  const add = h("button", { type: "button", class: "btn btn--line", onclick: () => chosen.click() }, labels.add);
  const others = h("div", { class: "others" });
  const drop = h("div", { class: "drop" }, h("p", {}, h("b", {}, labels.drop), h("span", {}, words("accepted", { limit: model.limit_megabytes }))), add, others, chosen, bar, says);
  const all = h("a", { class: "all", role: "button", href: model.archive_url || "#", download: "" }, icon("download", 18), labels.download_all);
  el.replaceChildren(h("div", { class: "panel" }, h("div", { class: "panel__h" }, h("h2", {}, labels.title), all), h("label", { class: "field field--sel" }, h("span", { class: "lab" }, labels.kind), kinds), list, drop));

  /** @type {File[]} */
  const queue = [];
  let busy = false;
  function next() {
    const file = queue.shift();
    if (busy || !file) return;
    if (file.size > model.limit_megabytes * 1e6) { tell(words("too_large", { name: file.name, limit: model.limit_megabytes }), true); next(); return; }
    busy = true;
    const request = new XMLHttpRequest();
    const done = (/** @type {string} */ text, failed = false) => { busy = false; bar.hidden = true; tell(text, failed); next(); };
    request.open("PUT", `${model.upload_url}?nom=${encodeURIComponent(file.name)}`);
    request.upload.onprogress = (e) => { bar.hidden = false; /** @type {HTMLProgressElement} */ (bar).value = (100 * e.loaded) / e.total; tell(words("sending", { name: file.name, percent: Math.round((100 * e.loaded) / e.total) })); };
    request.upload.onload = () => tell(words("checking", { name: file.name }));
    request.onerror = request.ontimeout = () => done(words("lost", { name: file.name }), true);
    request.onload = () => {
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch { /* not ours: said as a lost line */ }
      const { reference, message, title, said } = /** @type {any} */ (answer);
      if (request.status < 300 && reference) { done(said || words("added", { name: title || file.name })); model.send_msg({ t: "added", reference }); }
      else done(message || words("lost", { name: file.name }), true);
    };
    request.send(file);
  }
  function tell(/** @type {string} */ text, failed = false) {
    says.textContent = text;
    says.className = failed ? "says says--bad" : "says";
    says.setAttribute("role", failed ? "alert" : "status");
  }
  for (const name of ["dragover", "dragleave", "drop"]) drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle("drop--over", name === "dragover");
    if (name !== "drop") return;
    for (const file of /** @type {DragEvent} */ (event).dataTransfer?.files || []) queue.push(file);
    next();
  });

  function draw() {
    const documents = model.documents, names = new Map(documents.map((/** @type {any} */ d) => [d.kind, d.kind_label]));
    kinds.replaceChildren(h("option", { value: "" }, `${labels.all_kinds} (${documents.length})`), ...[...names].map(([code, label]) => h("option", { value: code }, label)));
    kinds.value = kind;
    const shown = documents.filter((/** @type {any} */ d) => !kind || d.kind === kind);
    list.replaceChildren(...shown.map((/** @type {any} */ d) => h("li", {}, h("button", { type: "button", class: "doc", "aria-current": d.reference === model.selected ? "true" : null, onclick: () => model.send_msg({ t: "select", reference: d.reference }) },
      h("span", { class: "doc__ic" }, icon(d.kind)), h("span", { class: "doc__t" }, h("b", {}, d.title), h("small", {}, d.facts), h("small", {}, d.origin)),
      h("span", { class: d.state === "new" ? "tag" : "seen" }, d.state === "new" ? null : icon(d.state === "seen" ? "seen" : "download", 16), d.state_label)))));
    if (!documents.length) list.replaceChildren(h("li", { class: "empty" }, h("h3", {}, labels.empty), h("p", {}, labels.empty_help)));
    drop.hidden = !model.upload_url;
    others.replaceChildren(...model.actions.map((/** @type {any} */ a) => h("button", { type: "button", class: "btn btn--line", onclick: () => model.send_msg({ t: "action", name: a.name }) }, a.label)));
    all.hidden = !model.archive_url || !documents.length;
    all.setAttribute("href", model.archive_url || "#");
  }
  for (const name of ["documents", "selected", "upload_url", "archive_url", "actions"]) model.on(name, draw);
  draw();
}
