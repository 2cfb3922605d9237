// @ts-check
/**
 * The core of every page: it outlives its server.
 *
 * A plain script of the page template, read once per window, before Bokeh. It notices a lost line, says so, comes back
 * by itself as long as it takes, with a fresh token, and has what was typed put back (`drafts.js`). The five traps of
 * Bokeh's own reconnecting are marked below with their numbers; the names they reach are checked by
 * `app/server/pins.py`. Addresses inside a page (`?dossier=…`) change without loading it anew: a call goes on.
 *
 * Texts for people come from the template (`data-…` of `#td-banner`).
 */
(() => {
  "use strict";

  const ABORT_AFTER = 2_000; // a request in a dead network can hang for minutes
  const CONNECT_WITHIN = 4_000;
  const REBUILD_WITHIN = 20_000;
  const SHORT_WAIT = 800; // a restart takes some seconds: be there when it is done
  const LONGEST_WAIT = 3_000;
  const SOON = 40; // tries
  const LOGIN_WAIT = 3_000; // between two looks whether the person has logged in again
  const FIRST_LOAD_WITHIN = 15_000;
  const LOADS = "td-loads"; // how often this window was loaded in vain

  const td = (window.__td = window.__td || {});

  let down = false;
  let losses = 0;
  let driving = false;
  let searchWhenLost = "";
  /** @type {(() => void) | null} ends the present wait: the network or the person is back */
  let hurry = null;

  const sleep = (/** @type {number} */ ms) =>
    new Promise((done) => {
      const timer = setTimeout(done, ms);
      hurry = () => {
        clearTimeout(timer);
        done(undefined);
      };
    });

  /** @param {() => boolean} reached @param {number} within @returns {Promise<boolean>} */
  async function until(reached, within) {
    const end = performance.now() + within;
    while (!reached() && performance.now() < end) await new Promise((done) => setTimeout(done, 25));
    return reached();
  }

  // ---- the banner

  /** @type {number | undefined} */
  let hiding;

  /** @param {"" | "lost" | "expired" | "foreign" | "back"} state */
  function say(state) {
    const banner = document.getElementById("td-banner");
    if (!banner || banner.dataset.state === state) return;
    banner.dataset.state = state;
    clearTimeout(hiding);
    const text = banner.querySelector("[data-text]");
    if (text) text.textContent = state ? (banner.dataset[state] ?? "") : "";
    const link = /** @type {HTMLAnchorElement | null} */ (banner.querySelector("a"));
    if (link) link.hidden = state !== "expired";
    banner.classList.toggle("banner--shown", state !== "");
    if (state === "back") hiding = window.setTimeout(() => say(""), 2_500);
  }

  // ---- talking to the server

  /** @param {string} path @param {RequestInit} [options] */
  const ask = (path, options) =>
    fetch(path, { cache: "no-store", signal: AbortSignal.timeout(ABORT_AFTER), ...options });

  async function alive() {
    try {
      return (await ask("/sante/vivant")).ok;
    } catch {
      return false;
    }
  }

  /**
   * Trap 4: a token is refused after five minutes, even for a session that lives.
   * @param {string} token @returns {Promise<{token?: string, status: number}>}
   */
  async function renew(token) {
    const body = JSON.stringify({ token, search: location.search });
    const headers = { "Content-Type": "application/json" };
    const answer = await ask("/api/renouveler", { method: "POST", headers, body });
    return answer.ok ? { token: (await answer.json()).token, status: 200 } : { status: answer.status };
  }

  // ---- the connection

  /** Bokeh's connection and document, made fit to be used again. @param {any} connection */
  function mend(connection) {
    if (connection.__td) return;
    connection.__td = true;
    const doc = connection.session.document;
    // Trap 3: sending while connecting throws, and a field that throws is unmounted with what is typed in it.
    const send = connection.send.bind(connection);
    connection.send = (/** @type {any} */ message) => {
      if (connection.socket?.readyState === WebSocket.OPEN) send(message);
    };
    // Trap 2: the binary buffers of a pulled document (a table's columns) are dropped on the way.
    /** @type {any} */
    let buffers;
    const pull = connection._pull_doc_json.bind(connection);
    connection._pull_doc_json = async () => {
      const reply = await pull();
      buffers = reply.buffers;
      return reply;
    };
    doc.replace_with_json = (/** @type {any} */ json) => {
      td.drafts?.remember();
      holdHeight();
      move(doc.constructor.from_json(json, [], buffers), doc);
    };
  }

  /**
   * Bokeh would send the whole page back to the server it has just come from: every root it adds is news to it.
   * @param {any} from @param {any} to
   */
  function move(from, to) {
    to.add_root = (/** @type {any} */ model) => Object.getPrototypeOf(to).add_root.call(to, model, { sync: false });
    to.set_title = (/** @type {string} */ title) => Object.getPrototypeOf(to).set_title.call(to, title, { sync: false });
    try {
      from.destructively_move(to);
    } finally {
      delete to.add_root;
      delete to.set_title;
    }
  }

  /** The page must not jump to its top while it is empty for a moment. */
  function holdHeight() {
    const main = document.getElementById("contenu");
    if (!main) return;
    const { scrollX, scrollY } = window;
    main.style.minHeight = `${main.offsetHeight}px`;
    setTimeout(() => {
      scrollTo(scrollX, scrollY);
      main.style.minHeight = "";
    }, 1_500);
  }

  /** @param {any} doc @param {any} event */
  function onLost(doc, event) {
    losses++;
    if (!down) searchWhenLost = location.search;
    down = true;
    const connection = event.connection.deref();
    if (!connection) return;
    mend(connection);
    doc._notified_idle = false; // trap 1: else the new session waits for « ready » for ever, and answers nothing
    td.drafts?.lost();
    if (!driving) void drive(connection, event);
  }

  /** @param {any} doc */
  async function onBack(doc) {
    down = false;
    say("back");
    // Not before the page has told the server that it is ready: until then Panel keeps its answers back.
    await until(() => doc.is_idle, REBUILD_WITHIN);
    await td.drafts?.restore(doc);
    // An address chosen while the line was down has not been heard by a session that survived.
    if (location.search !== searchWhenLost) void td.announce();
    document.dispatchEvent(new CustomEvent("td:back"));
  }

  /**
   * Come back, as long as it takes: first when somebody answers, with a new token, never all pages at once.
   * @param {any} connection @param {any} event
   */
  async function drive(connection, event) {
    driving = true;
    for (let tries = 0; down; tries++) {
      let pause = tries < SOON ? Math.min(SHORT_WAIT, 150 * (tries + 1)) : LONGEST_WAIT;
      try {
        // A line that is back at once (a restart behind nginx) is not worth a banner.
        if (!(await alive())) say("lost");
        else pause = (await reconnect(connection, event)) ?? pause;
      } catch {
        say("lost");
      }
      if (down) await sleep(pause * (0.7 + 0.6 * Math.random()));
    }
    driving = false;
  }

  /** One try. @param {any} connection @param {any} event @returns {Promise<number | undefined>} how long to wait */
  async function reconnect(connection, event) {
    const renewed = await renew(connection.token);
    if (renewed.status === 401 || renewed.status === 403) {
      say(renewed.status === 401 ? "expired" : "foreign");
      return LOGIN_WAIT;
    }
    if (!renewed.token) {
      say("lost");
      return undefined;
    }
    connection.token = renewed.token;
    const before = losses;
    event.reconnect();
    const settled = () => !down || losses !== before;
    const open = () => connection.socket?.readyState === WebSocket.OPEN;
    await until(() => settled() || open(), CONNECT_WITHIN);
    if (!settled() && !open()) connection.socket?.close(); // hangs in a dead network: the next try opens a new one
    else if (!(await until(settled, REBUILD_WITHIN))) connection.socket?.close();
    return undefined;
  }

  addEventListener("online", () => hurry?.());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && hurry?.());

  // ---- addresses inside the page

  /** Tell Python where the person is, once the page is there to hear and to be answered. */
  td.announce = async () => {
    await until(() => !down && window.Bokeh?.documents?.[0]?.is_idle, REBUILD_WITHIN);
    document.dispatchEvent(new CustomEvent("td:navigate", { detail: { search: location.search } }));
  };

  /** Go to `search` (« ?dossier=… ») without loading the page anew. @param {string} search */
  td.navigate = (search) => {
    td.show(search);
    void td.announce();
  };

  /**
   * Write an address that Python already shows; one that only says more of the same place takes the former's.
   * @param {string} search @param {string} [title] @param {boolean} [replace]
   */
  td.show = (search, title, replace) => {
    const waiting = document.title.match(/^\(\d+\) /)?.[0] ?? ""; // « (1) »: somebody is at the door of the room
    if (title) document.title = waiting + title;
    if (search === location.search) return;
    if (replace) history.replaceState(null, "", location.pathname + search);
    else history.pushState(null, "", location.pathname + search);
  };

  addEventListener("popstate", () => void td.announce());

  /** The room's modules, fetched when a page first marks its place; they stay in the window. */
  td.needRoom = () => {
    const address = document.getElementById("td-stage")?.dataset.module;
    if (address && !td.room) void import(address);
  };

  /** A plain click on a link to this very page. @param {MouseEvent} event @returns {HTMLAnchorElement | undefined} */
  function innerLink(event) {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.defaultPrevented) return undefined;
    const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement && node.href);
    if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute("download") || link.hash) return undefined;
    return link.origin === location.origin && link.pathname === location.pathname ? link : undefined;
  }

  document.addEventListener("click", (event) => {
    const link = document.documentElement.hasAttribute("data-navigation") ? innerLink(event) : undefined;
    if (!link) return;
    event.preventDefault();
    // The house leads to the list, and from the list to the kiosk.
    if (link.dataset.up && !location.search) {
      location.href = link.dataset.up;
      return;
    }
    td.navigate(link.search);
  });

  // ---- start

  async function start() {
    const first = () => window.Bokeh?.documents?.[0];
    const there = () => first()?.roots().length > 0;
    if (!(await until(there, FIRST_LOAD_WITHIN))) {
      // The server went between the page and its websocket. Nothing is typed yet: load again when it is back. Or it is busy:
      // a load throws away the page that it had nearly ready, so each time it gets longer.
      const loads = Number(sessionStorage.getItem(LOADS));
      say("lost");
      while (!(await alive())) await sleep(LONGEST_WAIT);
      if (!(await until(there, FIRST_LOAD_WITHIN * (2 ** Math.min(loads, 2) - 1)))) {
        sessionStorage.setItem(LOADS, String(loads + 1));
        location.reload();
        return;
      }
      say("");
    }
    sessionStorage.removeItem(LOADS);
    const doc = first();
    doc.on_event("connection_lost", (/** @type {any} */ _, /** @type {any} */ event) => onLost(doc, event));
    doc.on_event("client_reconnected", () => void onBack(doc));
  }

  addEventListener("DOMContentLoaded", () => void start());
})();
