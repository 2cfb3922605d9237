/**
 * Documents that were handed to us: fetched at once while they are small, so that the sender knows that they are really
 * here; kept on the device when the person says so; looked at in place as pages that the server draws. Nothing of a document
 * is ever read by this page.
 */
import { h, write } from "./dom.js";

/** @typedef {import("./tool_receive.js").Around} Around */
/** @typedef {{id: string, name: string, filename: string, from: string, size: number, at: string, state: string, url: string}} Handed */
/** @typedef {{file: Handed, blob: Blob | null, told: boolean, saved: boolean, loading: Promise<Blob> | null}} Kept */

const RANKS = ["sent", "received", "saved"];
/** Bytes: larger ones wait for the person, who may be on a telephone. */
const AT_ONCE = 20_000_000;
const MEGA = 1_000_000;

export class Received {
  /** @param {Around} around */
  constructor(around) {
    this.around = around;
    /** @type {Map<string, Kept>} */
    this.byId = new Map();
    this.list = h("ul", { class: "td-files" });
    this.empty = h("p", { class: "td-small" }, around.words.say("files.none"));
    this.element = h("div", {}, this.empty, this.list);
  }

  stop() {
    for (const { file } of this.byId.values()) this.around.notes.hide(`file-${file.id}`);
    this.byId.clear();
  }

  /** @param {Handed[]} files new ones, or all after we entered again */
  take(files) {
    for (const file of files) {
      const known = this.byId.get(file.id);
      if (known) {
        const reached = known.saved ? "saved" : known.blob ? "received" : "sent";
        if (RANKS.indexOf(reached) > RANKS.indexOf(file.state)) this.tell(known, known.saved);
        continue;
      }
      /** @type {Kept} */
      const kept = { file, blob: null, told: file.state !== "sent", saved: file.state === "saved", loading: null };
      this.byId.set(file.id, kept);
      this.list.append(this.row(kept)); // rows stay: a press on one of them outlives what comes after it
      this.announce(kept);
      if (!kept.told && file.size <= AT_ONCE) this.fetch(kept).catch(() => this.failed(kept));
    }
    this.empty.hidden = this.byId.size > 0;
  }

  /** @param {Kept} kept */
  announce(kept) {
    const { words, notes } = this.around;
    const { file } = kept;
    if (kept.saved) return notes.hide(`file-${file.id}`);
    return notes.show(`file-${file.id}`, {
      title: words.say("files.title", { name: file.name }),
      text: words.say("files.from", { name: file.from, size: this.size(file.size) }),
      icon: "transfer",
      acts: [
        { label: words.say("files.save"), act: () => void this.save(kept), primary: true },
        { label: words.say("files.look"), act: () => void this.look(kept) },
        { label: words.say("files.later"), act: () => notes.hide(`file-${file.id}`) },
      ],
    });
  }

  /**
   * The whole file, once. Rejects when it did not come.
   * @param {Kept} kept
   */
  fetch(kept) {
    kept.loading ??= this.bring(kept).finally(() => (kept.loading = null));
    return kept.loading;
  }

  /** @param {Kept} kept */
  async bring(kept) {
    if (kept.blob) return kept.blob;
    const answer = await fetch(kept.file.url, { credentials: "same-origin" });
    const blob = answer.ok ? await answer.blob() : null;
    if (blob?.size !== kept.file.size) throw new Error("incomplete");
    kept.blob = blob;
    this.tell(kept, false);
    return blob;
  }

  /**
   * The server learns that we have it; after an outage it is said again (`take`).
   * @param {Kept} kept
   * @param {boolean} saved
   */
  tell(kept, saved) {
    kept.told = this.around.call.line.send({ t: "got", id: kept.file.id, ...(saved && { saved }) });
  }

  /** @param {Kept} kept keep it on the device */
  async save(kept) {
    try {
      const blob = await this.fetch(kept);
      const url = URL.createObjectURL(blob);
      h("a", { href: url, download: kept.file.filename }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
      kept.saved = true;
      this.tell(kept, true);
      this.around.notes.hide(`file-${kept.file.id}`);
    } catch {
      this.failed(kept);
    }
  }

  /** @param {Kept} kept */
  failed(kept) {
    const { words, notes } = this.around;
    notes.show(`file-${kept.file.id}`, {
      title: words.say("files.failed", { name: kept.file.name }),
      text: words.say("files.failed.text"),
      icon: "alert",
      warm: true,
      acts: [{ label: words.say("problem.retry"), act: () => void this.save(kept), primary: true }],
    });
  }

  /** @param {Kept} kept its pages, as the server draws them */
  async look({ file }) {
    const { words, tiles } = this.around;
    const pages = h("div", { class: "td-pages", tabindex: 0, role: "group", "aria-label": file.name });
    const said = h("p", { class: "td-small", role: "status" }, words.say("files.opening"));
    const close = h("button", { type: "button", class: "td-btn" }, words.say("files.close"));
    const dialog = h(
      "dialog",
      { class: "td-sheet", "aria-label": file.name },
      h("div", { class: "td-sheet-head" }, h("h2", {}, file.name), close),
      said,
      pages,
    );
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    tiles.element.parentElement?.append(dialog);
    dialog.showModal();
    const answer = await fetch(`${file.url}/infos`, { credentials: "same-origin" }).catch(() => null);
    if (!answer?.ok) {
      write(said, words.say("files.failed.text"));
      return;
    }
    /** @type {{pages: [number, number][]}} */
    const { pages: sizes } = await answer.json();
    const wide = Math.ceil(Math.min(pages.clientWidth || 700, 1100) * Math.min(devicePixelRatio, 2));
    said.remove();
    sizes.forEach(([width, height], at) => {
      const alt = words.say("files.page", { page: at + 1, pages: sizes.length });
      const src = `${file.url}/pages/${at + 1}.webp?l=${wide}`;
      pages.append(h("img", { src, alt, width: Math.round(width), height: Math.round(height), loading: "lazy" }));
    });
  }

  /** @param {Kept} kept */
  row(kept) {
    const { words } = this.around;
    const { name, from, size } = kept.file;
    /** @param {"save" | "look"} what @param {() => void} act */
    const button = (what, act) =>
      h(
        "button",
        { type: "button", class: "td-btn", "aria-label": words.say(`files.${what}.long`, { name }), onclick: act },
        words.say(`files.${what}`),
      );
    return h(
      "li",
      {},
      h("b", {}, name),
      h("small", {}, words.say("files.from", { name: from, size: this.size(size) })),
      button("save", () => void this.save(kept)),
      button("look", () => void this.look(kept)),
    );
  }

  /** @param {number} bytes */
  size(bytes) {
    const { words } = this.around;
    const value = Math.max(0.1, bytes / MEGA).toLocaleString(words.locale, { maximumFractionDigits: 1 });
    return words.say("files.size", { value });
  }
}
