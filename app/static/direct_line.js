// @ts-check
/**
 * Direct messages, the part without a face: one small socket (`/api/messages`), which also says that one is here, and what is
 * known of who is there and what was written. `direct.js` shows it. On every page of who is logged in; a plain script, so
 * that it outlives what the server builds. Words of the socket: docs/signalling.md.
 */
(() => {
  "use strict";

  /**
   * @typedef {{id: number, key: string, person: number, mine: boolean, text: string, at: string, read: boolean,
   *   dossier: string, failed?: string}} Said
   */

  const BEAT = 15_000;
  const SILENCE = 40_000;
  const LONGEST_WAIT = 15_000;
  const RIGHT_LOST = 4401;

  const td = (window.__td = window.__td || {});
  if (!document.getElementById("td-direct")) return;

  let me = 0;
  /** @type {Set<number>} */
  let here = new Set();
  /** @type {Map<number, number>} */
  let unread = new Map();
  /** @type {Map<number, Said[]>} what was exchanged with whom, as far as it was asked for */
  const exchanges = new Map();
  /** @type {Map<string, any>} what we said and the server has not answered */
  const kept = new Map();
  /** @type {Set<(what: string, message?: any) => void>} */
  const listeners = new Set();

  /** @param {string} what @param {any} [message] */
  const tell = (what, message) => listeners.forEach((listener) => listener(what, message));
  const total = () => [...unread.values()].reduce((sum, count) => sum + count, 0);

  // ---- the socket

  /** @type {WebSocket | null} */
  let socket = null;
  let attempt = 0;
  let heard = 0;

  function dial() {
    const address = new URL("/api/messages", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const mine = (socket = new WebSocket(address));
    /** @type {number | undefined} */
    let beat;
    mine.onopen = () => {
      attempt = 0;
      heard = performance.now();
      beat = window.setInterval(() => {
        if (performance.now() - heard > SILENCE) mine.close();
        else send({ t: "ping" });
      }, BEAT);
    };
    mine.onmessage = (event) => {
      heard = performance.now();
      hear(JSON.parse(String(event.data)));
    };
    mine.onclose = (event) => {
      clearInterval(beat);
      if (socket === mine) socket = null;
      tell("line");
      // Who is logged out is told by the page itself; it comes back with another login.
      const wait = event.code === RIGHT_LOST ? LONGEST_WAIT : Math.min(LONGEST_WAIT, 500 * 2 ** Math.min(attempt++, 6));
      setTimeout(dial, wait * (0.7 + 0.6 * Math.random()));
    };
  }

  /** @param {Record<string, any>} message */
  function send(message) {
    if (socket?.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(message));
    return true;
  }

  /** @param {any} message */
  function hear(message) {
    switch (message.t) {
      case "hello":
        me = message.me;
        here = new Set(message.here);
        count(message.unread);
        for (const said of kept.values()) send(said);
        tell("line");
        return;
      case "here":
        here = new Set(message.people);
        return tell("here");
      case "unread":
        return count(message.unread);
      case "colleagues":
        return tell("colleagues", message);
      case "exchange":
        exchanges.set(message.person, [...message.messages, ...pending(message)]);
        return tell("exchange", message.person);
      case "message":
        return add(message);
      case "error":
        if (message.key) kept.delete(message.key);
        return tell("error", message);
    }
  }

  /**
   * What we said and the server has not answered stands below what it has.
   * @param {{person: number, messages: Said[]}} told
   */
  function pending({ person, messages }) {
    const keys = new Set(messages.map(({ key }) => key));
    return (exchanges.get(person) ?? []).filter(({ id, key }) => !id && !keys.has(key));
  }

  /** @param {{person: number, count: number}[]} counts */
  function count(counts) {
    unread = new Map(counts.map((each) => [each.person, each.count]));
    tell("unread");
  }

  /** @param {Said} said */
  function add(said) {
    if (said.key) kept.delete(said.key);
    const lines = exchanges.get(said.person) ?? [];
    const at = lines.findIndex(({ id, key }) => (said.id && id === said.id) || (said.key && key === said.key));
    if (at >= 0) lines[at] = said;
    else lines.push(said);
    exchanges.set(said.person, lines);
    tell("exchange", said.person);
  }

  /** @param {number} person @param {string} text @param {string} dossier */
  function write(person, text, dossier) {
    const bytes = crypto.getRandomValues(new Uint8Array(12));
    const key = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    const message = { t: "send", to: person, text, key, ...(dossier && { dossier }) };
    kept.set(key, message);
    const pending = { id: 0, key, person, mine: true, text, at: new Date().toISOString(), read: false, dossier: "" };
    add({ ...pending });
    kept.set(key, message);
    send(message);
  }

  td.directLine = {
    send,
    write,
    listeners,
    exchanges,
    /** @param {number} person */
    isHere: (person) => here.has(person),
    /** How much is unread, of everybody. */
    get unread() {
      return total();
    },
    get isOpen() {
      return socket?.readyState === WebSocket.OPEN;
    },
    get me() {
      return me;
    },
  };
  dial();
})();
