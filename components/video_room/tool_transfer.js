/** « Transférer un document »: its panel, fetched when it is first opened, and who has received what. */
import { h } from "./dom.js";
import { Arrivals } from "./tool_receive.js";

/** @typedef {import("./tools.js").Context} Context */
/** @typedef {{id: string, key: string, name: string, people: {name: string, state: string}[]}} Receipt */

const SHORT = 8000;

/** What was handed over from this page and before, for the panel. */
export class Transfers {
  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    this.arrivals = new Arrivals(context);
    /** @type {Map<string, Receipt>} */
    this.receipts = new Map();
    /** Address of the list of documents, and of where a file from the disk goes. */
    this.documents = "";
    this.element = h("div", { class: "td-transfer" });
    /** @type {Promise<import("./transfer_view.js").TransferView> | null} */
    this.view = null;
    const { call, view } = context;
    view.addPanel("transfer", this.element, { shown: () => void this.open() });
    this.stops = [
      call.on("said:joined", (message) => this.joined(message)),
      call.on("said:receipt", (receipt) => this.heard(receipt)),
    ];
  }

  stop() {
    this.arrivals.stop();
    for (const stop of this.stops) stop();
    void this.view?.then((view) => view.stop());
  }

  async open() {
    this.view ??= import("./transfer_view.js").then(({ TransferView }) => new TransferView(this.context, this));
    this.view.catch(() => (this.view = null)); // at the next opening again
    (await this.view).shown();
  }

  /** @param {import("./signalling.js").Message} message */
  joined(message) {
    this.documents = message.documents ?? "";
    for (const receipt of message.handed ?? []) this.receipts.set(receipt.id, receipt);
    void this.view?.then((view) => view.draw());
  }

  /** @param {Receipt & {t: string}} receipt */
  heard(receipt) {
    const { words, call, notes } = this.context;
    const known = this.receipts.get(receipt.id);
    this.receipts.set(receipt.id, receipt);
    call.line.settle(receipt.key);
    const has = receipt.people.filter(({ state }) => state !== "sent").map(({ name }) => name);
    const had = known?.people.filter(({ state }) => state !== "sent").length ?? 0;
    const to = (has.length ? has : receipt.people.map(({ name }) => name)).join(", ");
    if (!known || has.length > had) {
      const title = words.say(has.length ? "transfer.received" : "transfer.sent");
      const text = words.say(has.length ? "transfer.received.text" : "transfer.sent.text", { name: receipt.name, to });
      notes.show("transfer", { title, text, icon: has.length ? "check" : "transfer" }, SHORT);
    }
    void this.view?.then((view) => view.draw());
  }
}

/** @type {import("./tools.js").Tool} */
export const transfer = {
  name: "transfer", place: "second",
  open: ({ view }) => view.turn("transfer"),
  start: (context) => {
    const transfers = new Transfers(context);
    return () => transfers.stop();
  },
};
