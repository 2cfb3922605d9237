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
    /** Of what was said to the room and not answered yet, and what it was. */
    this.key = this.wish = "";
    /** Something was chosen and not sent yet. */
    this.choosing = false;
    this.select = h("select", { onchange: () => (this.file.value = "") });
    this.file = h("input", { type: "file", accept: "application/pdf,.pdf", onchange: () => (this.select.value = "") });
    this.alone = h("p", { class: "td-small" }, words.say("transfer.alone"));
    this.people = h("fieldset", { class: "td-checks" }, h("legend", {}, words.say("transfer.to")), this.alone);
    /** @type {Map<string, {element: HTMLElement, box: HTMLInputElement, name: HTMLElement}>} by person */
    this.rows = new Map();
    /** @type {Map<string, boolean>} by name, of those who went: who loads the page anew is another person to the server */
    this.gone = new Map();
    this.button = h("button", { type: "submit", class: "td-btn td-btn-primary td-wide" }, words.say("transfer.send"));
    this.button.addEventListener("click", (event) => event.detail > 1 && event.preventDefault()); // a double click sends once
    this.error = h("p", { class: "td-error", role: "alert", hidden: true });
    this.done = h("p", { class: "td-small", role: "status" });
    this.handed = h("ul", { class: "td-files", "aria-label": words.say("transfer.handed") });
    this.received = h("div", {});
    const form = h(
      "form",
      {
        class: "td-tool-form",
        onchange: () => (this.choosing = true),
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
      context.call.on("problem", ({ key, message }) => {
        if (!key || key !== this.key) return;
        this.key = "";
        this.refused(message);
      }),
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
    const answer = await fetch(this.transfers.documents, { credentials: "same-origin" }).catch(() => null);
    /** @type {Document[]} */
    const found = answer?.ok ? (await answer.json()).documents : [];
    const before = this.select.value; // of now: the list of before was there to choose from while we waited
    const pdfs = found.filter(({ kind }) => kind === "pdf");
    this.select.replaceChildren(
      h("option", { value: "" }, words.say(pdfs.length ? "transfer.choose" : "transfer.none")),
      ...pdfs.map(({ reference, title }) => h("option", { value: reference }, title)),
    );
    this.select.value = pdfs.some(({ reference }) => reference === before) ? before : "";
  }

  /**
   * Everybody who is here is meant at first; who comes once something was chosen is not, since the choice was made without
   * them; who comes back is what they were. A row stays as long as its person is here: it may be under a finger.
   */
  drawPeople() {
    const { people } = this.context.call;
    for (const [id, { element, box, name }] of this.rows)
      if (!people.has(id)) {
        this.gone.set(name.textContent ?? "", box.checked);
        element.remove();
        this.rows.delete(id);
      }
    for (const { id, name } of people.values()) {
      const row = this.rows.get(id) ?? this.newRow(id, this.gone.get(name) ?? !this.choosing);
      write(row.name, name);
    }
    this.alone.hidden = this.rows.size > 0;
  }

  /**
   * @param {string} id of a person
   * @param {boolean} meant
   */
  newRow(id, meant) {
    const box = h("input", { type: "checkbox", value: id });
    box.checked = meant;
    const name = h("span");
    const row = { element: h("label", {}, box, name), box, name };
    this.rows.set(id, row);
    this.people.append(row.element);
    return row;
  }

  async submit() {
    const { words, call } = this.context;
    const to = [...this.rows.values()].flatMap(({ box }) => (box.checked ? [box.value] : []));
    const file = this.file.files?.[0];
    if (this.busy) return;
    if (!file && !this.select.value) return this.refused(words.say("transfer.choose.wrong"));
    if (!to.length) return this.refused(words.say("transfer.to.wrong"));
    this.begin();
    try {
      const document = file ? await this.fromDisk(file) : this.select.value;
      const wish = [document, ...to].join(" ");
      if (!this.key || wish !== this.wish) this.key = newKey(); // pressed again before the answer: still one document
      this.wish = wish;
      call.line.keep({ t: "send", document, to, key: this.key });
      this.choosing = false;
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
    this.error.scrollIntoView({ block: "nearest" });
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
