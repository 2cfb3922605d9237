// @ts-check
/** The documents of a dossier: draws `documents` and `arrivals`, tells what is chosen, sends new files. */

import { h, renew, said, steady } from "../_shared/dom.js";
import { icon } from "./drawings.js";
import { arrivalRow, documentRow } from "./rows.js";
import { uploads } from "./sending.js";

/** @param {{model: any, el: HTMLElement}} context */
export function render({ model, el }) {
  const labels = /** @type {Record<string, string>} */ (model.labels);
  const view = parts(labels, model.limit_megabytes);
  let kind = "";
  el.replaceChildren(view.panel);
  // What comes above a row or a button moves it: both lists wait for a press anywhere in the panel.
  const [newArrivals, newDocuments] = [steady(view.panel, drawArrivals), steady(view.panel, drawDocuments)];

  const sending = uploads({
    labels,
    address: () => model.upload_url,
    limit: () => model.limit_megabytes,
    changed: newArrivals,
    added: (reference) => model.send_msg({ t: "added", reference }),
    tell(text, failed = false, heard = false) {
      view.says.textContent = text;
      view.says.className = heard ? "vh" : failed ? "says says--bad" : "says";
      view.says.setAttribute("role", failed ? "alert" : "status");
    },
  });

  function drawArrivals() {
    const own = sending.rows().map((one) => {
      const id = Number(one.reference.split("-")[1]);
      return arrivalRow(one, labels, (action) => sending.act(id, action));
    });
    const theirs = model.arrivals.map((/** @type {import("./rows.js").ListedArrival} */ one) =>
      arrivalRow(one, labels, (name) => model.send_msg({ t: "arrival", name, reference: one.reference })),
    );
    renew(view.arrivals, [...theirs, ...own], view.add);
    view.arrivals.hidden = !view.arrivals.childElementCount;
  }

  function drawDocuments() {
    const documents = /** @type {import("./rows.js").ListedDocument[]} */ (model.documents);
    const shown = documents.filter((one) => !kind || one.kind === kind);
    const choose = (/** @type {string} */ reference) => () => model.send_msg({ t: "select", reference });
    const rows = shown.map((one) => documentRow(one, one.reference === model.selected, choose(one.reference)));
    renew(view.list, documents.length ? rows : [nothing(labels)], view.kinds);
    drawKinds(documents);
    view.all.hidden = !model.archive_url || !documents.length;
    view.all.setAttribute("href", model.archive_url || "#");
  }

  /** @param {import("./rows.js").ListedDocument[]} documents */
  function drawKinds(documents) {
    const names = new Map(documents.map((one) => [one.kind, one.kind_label]));
    const every = h("option", { value: "" }, `${labels.all_kinds} (${documents.length})`);
    view.kinds.replaceChildren(every, ...[...names].map(([value, label]) => h("option", { value }, label)));
    view.kinds.value = kind;
  }

  function drawAdding() {
    view.drop.hidden = !model.upload_url;
    const buttons = model.actions.map((/** @type {{name: string, label: string}} */ one) => {
      const press = () => model.send_msg({ t: "action", name: one.name });
      return h("button", { type: "button", class: "btn btn--line", onclick: press }, one.label);
    });
    view.others.replaceChildren(...buttons);
  }

  view.kinds.addEventListener("change", () => {
    kind = view.kinds.value;
    drawDocuments();
  });
  view.add.addEventListener("click", () => view.chosen.click());
  view.chosen.addEventListener("change", () => {
    sending.add([...(view.chosen.files || [])]);
    view.chosen.value = "";
  });
  acceptDrops(view.drop, sending.add);
  for (const name of ["documents", "selected", "archive_url"]) model.on(name, newDocuments);
  for (const name of ["upload_url", "actions"]) model.on(name, drawAdding);
  for (const name of ["documents", "arrivals"]) model.on(name, drawAfterNews);
  function drawAfterNews() {
    sending.listed();
    newArrivals();
  }
  drawDocuments();
  drawAdding();
  drawArrivals();
}

/** The fixed parts. @param {Record<string, string>} labels @param {number} limit in MB */
function parts(labels, limit) {
  const all = h("a", { class: "all", role: "button", href: "#", download: "" }, icon("download", 18), labels.download_all);
  const kinds = /** @type {HTMLSelectElement} */ (h("select"));
  const list = h("ul", { class: "docs", "aria-label": labels.title });
  const arrivals = h("ul", { class: "ways", "aria-label": labels.arrivals });
  const hidden = { type: "file", multiple: true, class: "vh", tabindex: -1, "aria-hidden": "true" };
  const chosen = /** @type {HTMLInputElement} */ (h("input", hidden));
  const add = h("button", { type: "button", class: "btn btn--line" }, labels.add);
  const others = h("div", { class: "others" });
  const says = h("p", { class: "says", role: "status", "aria-live": "polite" });
  const accepted = h("span", {}, said(labels.accepted, { limit }));
  const invitation = h("p", {}, h("b", {}, labels.drop), accepted);
  const drop = h("div", { class: "drop" }, invitation, add, others, chosen, says);
  const head = h("div", { class: "panel__h" }, h("h2", {}, labels.title), all);
  const field = h("label", { class: "field field--sel" }, h("span", { class: "lab" }, labels.kind), kinds);
  const panel = h("div", { class: "panel" }, head, field, arrivals, list, drop);
  return { panel, all, kinds, list, arrivals, chosen, add, others, says, drop };
}

/** @param {Record<string, string>} labels */
function nothing(labels) {
  return h("li", { class: "empty" }, h("h3", {}, labels.empty), h("p", {}, labels.empty_help));
}

/** @param {HTMLElement} place @param {(files: File[]) => void} take */
function acceptDrops(place, take) {
  for (const name of ["dragover", "dragleave", "drop"]) {
    place.addEventListener(name, (event) => {
      event.preventDefault();
      place.classList.toggle("drop--over", name === "dragover");
      if (name === "drop") take([.../** @type {DragEvent} */ (event).dataTransfer?.files || []]);
    });
  }
}
