/** The panel « Transférer un document »: which one, to whom, and how far the others came. */
import { h, set, write } from "./dom.js";
import { send } from "./sending.js";

/** @typedef {import("./tools.js").Context} Context */
/** @typedef {import("./tool_transfer.js").Transfers} Transfers */
/** @typedef {{reference: string, title: string, kind: string, size: number}} Document */

export class TransferView {
  /**
   * @param {Context} context
   * @param {Transfers} transfers
   */
  constructor(context, transfers) {
    const { words } = context;
    this.context = context;
    this.transfers = transfers;
    this.busy = false;
    /** Of what was said to the room and not answered yet. */
    this.key = "";
    this.select = h("select", { onchange: () => (this.file.value = "") });
    this.file = h("input", { type: "file", accept: "application/pdf,.pdf", onchange: () => (this.select.value = "") });
    this.people = h("fieldset", { class: "td-checks" });
    this.button = h("button", { type: "submit", class: "td-btn td-btn-primary td-wide" }, words.say("transfer.send"));
    this.error = h("p", { class: "td-error", role: "alert", hidden: true });
    this.done = h("p", { class: "td-small", role: "status" });
    this.handed = h("ul", { class: "td-files", "aria-label": words.say("transfer.handed") });
    this.received = h("div", {});
    const form = h(
      "form",
      {
        class: "td-tool-form",
        onsubmit: (event) => {
          event.preventDefault();
          void this.submit();
        },
      },
      labelled(words.say("transfer.document"), this.select),
      labelled(words.say("transfer.disk"), this.file),
      this.people,
      this.error,
      this.button,
      this.done,
    );
    transfers.element.replaceChildren(
      form,
      h("h4", {}, words.say("transfer.handed")),
      this.handed,
      h("h4", {}, words.say("files.received")),
      this.received,
    );
    this.stops = [
      context.call.on("people", () => this.drawPeople()),
      context.call.on("problem", ({ key, message }) => key && key === this.key && this.refused(message)),
    ];
    void transfers.arrivals.received().then(({ element }) => this.received.replaceChildren(element));
    this.drawPeople();
    this.draw();
  }

  stop() {
    for (const stop of this.stops) stop();
  }

  /** The panel was opened. */
  shown() {
    void this.list();
    this.select.focus();
  }

  async list() {
    const { words } = this.context;
    const before = this.select.value;
    const answer = await fetch(this.transfers.documents, { credentials: "same-origin" }).catch(() => null);
    /** @type {Document[]} */
    const found = answer?.ok ? (await answer.json()).documents : [];
    const pdfs = found.filter(({ kind }) => kind === "pdf");
    this.select.replaceChildren(
      h("option", { value: "" }, words.say(pdfs.length ? "transfer.choose" : "transfer.none")),
      ...pdfs.map(({ reference, title }) => h("option", { value: reference }, title)),
    );
    this.select.value = pdfs.some(({ reference }) => reference === before) ? before : "";
  }

  drawPeople() {
    const { words, call } = this.context;
    const off = new Set(this.boxes.filter(({ checked }) => !checked).map(({ value }) => value));
    const rows = [...call.people.values()].map(({ id, name }) => {
      const box = h("input", { type: "checkbox", value: id });
      box.checked = !off.has(id);
      return h("label", {}, box, h("span", {}, name));
    });
    this.people.replaceChildren(
      h("legend", {}, words.say("transfer.to")),
      ...(rows.length ? rows : [h("p", { class: "td-small" }, words.say("transfer.alone"))]),
    );
  }

  get boxes() {
    return [...this.people.querySelectorAll("input")];
  }

  async submit() {
    const { words, call } = this.context;
    const to = this.boxes.filter(({ checked }) => checked).map(({ value }) => value);
    const file = this.file.files?.[0];
    if (this.busy) return;
    if (!file && !this.select.value) return this.refused(words.say("transfer.choose.wrong"));
    if (!to.length) return this.refused(words.say("transfer.to.wrong"));
    this.begin();
    try {
      const document = file ? await this.fromDisk(file) : this.select.value;
      this.key = newKey();
      call.line.keep({ t: "send", document, to, key: this.key });
      write(this.done, words.say("transfer.sending"));
      this.file.value = "";
    } catch (error) {
      this.refused(error.message || words.say("transfer.broken"));
    }
    this.busy = false;
    set(this.button, "disabled", false);
  }

  /** @param {File} file into the dossier, through the gate */
  async fromDisk(file) {
    const { words } = this.context;
    const url = `${this.transfers.documents}&nom=${encodeURIComponent(file.name)}`;
    const { reference } = await send("PUT", url, file, (part) =>
      write(this.done, words.say("transfer.progress", { percent: Math.floor(part * 100) })),
    );
    return String(reference);
  }

  begin() {
    this.busy = true;
    set(this.button, "disabled", true);
    this.error.hidden = true;
    write(this.done, "");
  }

  /** @param {string} message */
  refused(message) {
    write(this.error, message);
    write(this.done, "");
    this.error.hidden = false;
  }

  /** Who has what. */
  draw() {
    const { words } = this.context;
    const receipts = [...this.transfers.receipts.values()].reverse();
    if (receipts.some(({ key }) => key === this.key)) {
      this.key = "";
      write(this.done, words.say("transfer.sent"));
    }
    const rows = receipts.map(({ name, people }) =>
      h(
        "li",
        {},
        h("b", {}, name),
        ...people.map((person) => h("small", {}, `${person.name} : ${this.state(person.state)}`)),
      ),
    );
    this.handed.replaceChildren(...(rows.length ? rows : [h("li", { class: "td-small" }, words.say("transfer.nothing"))]));
  }

  /** @param {string} state */
  state(state) {
    const { words } = this.context;
    if (state === "sent") return words.say("transfer.state.sent");
    return words.say(state === "saved" ? "transfer.state.saved" : "transfer.state.received");
  }
}

/**
 * @param {string} label
 * @param {HTMLElement} control
 */
function labelled(label, control) {
  return h("label", { class: "td-field" }, h("span", { class: "td-lab" }, label), control);
}

/** So that what is sent again after an outage is done once. */
function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
