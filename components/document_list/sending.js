// @ts-check
/** Files on their way to the server: a few at once, each with its progress, each to be cancelled or tried again. */

import { said } from "../_shared/dom.js";

const AT_ONCE = 2;

/**
 * `tell`: one sentence for those who see and those who listen; `heard` only, where a row shows it already.
 * `state`: waiting, sending, sent, listed (the server's own row shows it), failed. `again`: trying again may help.
 * @typedef {{id: number, file: File, state: string, percent: number, reason: string, again: boolean,
 *   request: XMLHttpRequest|null}} Item
 * @typedef {{address: () => string, limit: () => number, labels: Record<string, string>, changed: () => void,
 *   tell: (text: string, failed?: boolean, heard?: boolean) => void, added: (reference: string) => void}} Sender
 */

/** The files that this page sends. @param {Sender} sender */
export function uploads(sender) {
  /** @type {Item[]} */
  let items = [];
  let count = 0;

  /** @param {Iterable<File>} files */
  function add(files) {
    for (const file of files) {
      const item = { id: ++count, file, state: "waiting", percent: 0, reason: "", again: false, request: null };
      items.push(item);
      const limit = sender.limit();
      if (file.size > limit * 1e6) fail(item, said(sender.labels.too_large, { name: file.name, limit }), false);
    }
    next();
  }

  function next() {
    const busy = items.filter((item) => item.request !== null).length;
    const waiting = items.filter((item) => item.state === "waiting");
    for (const item of waiting.slice(0, Math.max(AT_ONCE - busy, 0))) send(item);
    sender.changed();
  }

  /** @param {Item} item */
  function send(item) {
    const request = new XMLHttpRequest();
    item.request = request;
    item.state = "sending";
    request.open("PUT", `${sender.address()}?nom=${encodeURIComponent(item.file.name)}`);
    request.upload.onprogress = (event) => {
      const percent = Math.floor((100 * event.loaded) / Math.max(event.total, 1));
      if (percent === item.percent) return;
      item.percent = percent;
      sender.changed();
    };
    request.upload.onload = () => {
      item.state = "sent";
      sender.tell(said(sender.labels.checking, { name: item.file.name }), false, true);
      sender.changed();
    };
    request.onerror = request.ontimeout = () => cut(item);
    request.onload = () => answered(item, request);
    request.send(item.file);
  }

  /** @param {Item} item @param {XMLHttpRequest} request */
  function answered(item, request) {
    let answer = /** @type {any} */ ({});
    try {
      answer = JSON.parse(request.responseText);
    } catch {
      // not ours: said as a lost line
    }
    const { reference, title, message, code, said: told } = answer;
    const name = title || item.file.name;
    if (request.status < 300 && reference) {
      forget(item);
      sender.tell(told || said(sender.labels.added, { name }));
      sender.added(reference);
    } else if (code === "fichier-refuse" || code === "fichier-infecte") {
      forget(item); // the list itself says it, to colleagues too
      sender.tell(`${item.file.name} : ${message}`, true, true);
    } else if (!code && item.state !== "sending") {
      cut(item); // not our server's words: a proxy that no longer wanted to wait
    } else {
      const again = !message || request.status >= 500 || request.status === 429;
      fail(item, message || said(sender.labels.lost, { name: item.file.name }), again);
    }
  }

  /**
   * The line is gone: in the middle, or after the last byte. Then the server goes on by itself, if it has had that byte:
   * a browser counts what it handed to the network, not what has arrived. Only the list can tell.
   * @param {Item} item
   */
  function cut(item) {
    const name = item.file.name;
    if (item.state === "sending") {
      fail(item, said(sender.labels.lost, { name }), true);
      return;
    }
    forget(item);
    sender.tell(said(sender.labels.cut, { name }), true);
  }

  /** @param {Item} item @param {string} reason @param {boolean} again */
  function fail(item, reason, again) {
    Object.assign(item, { state: "failed", reason, again, request: null });
    sender.tell(reason, true, true);
    next();
  }

  /** @param {Item} item */
  function forget(item) {
    item.request = null;
    items = items.filter((one) => one !== item);
    next();
  }

  /** What a button at one of these rows does. @param {number} id @param {string} action */
  function act(id, action) {
    const item = items.find((one) => one.id === id);
    if (!item) return;
    if (action === "retry") {
      Object.assign(item, { state: "waiting", percent: 0, reason: "" });
      next();
      return;
    }
    const request = item.request;
    forget(item);
    request?.abort();
    if (action === "cancel") sender.tell(said(sender.labels.cancelled, { name: item.file.name }));
  }

  /** The server's list has changed: its own row takes over from ours, whose answer is still awaited. */
  function listed() {
    for (const item of items) if (item.state === "sent") item.state = "listed";
  }

  const rows = () => items.filter((item) => item.state !== "listed").map((item) => sendingRow(item, sender.labels));
  return { add, act, listed, rows };
}

/** A file as a row of the list. @param {Item} item @param {Record<string, string>} labels */
function sendingRow(item, labels) {
  const { state, percent } = item;
  const told = { waiting: labels.waiting, sending: labels.sending, sent: labels.sent }[state] || "";
  const offered = { waiting: ["cancel"], sending: ["cancel"], failed: item.again ? ["retry", "dismiss"] : ["dismiss"] };
  return {
    reference: `envoi-${item.id}`,
    title: item.file.name,
    facts: "",
    origin: "",
    state: state === "sent" ? "examining" : state,
    state_label: said(told, { percent }),
    reason: item.reason,
    progress: state === "sent" ? null : percent / 100,
    actions: /** @type {Record<string, string[]>} */ (offered)[state] || [],
  };
}
