/**
 * The room's place on a page that the server builds.
 *
 * On a page of ours the call lives on `window.__td`: here only its place is marked, and the room opened and closed when
 * Python says so. Taken away and built anew it finds the call as it was. In a notebook there is no such page: the room's
 * modules come from Python and the stage is held here.
 */

/** @typedef {{name: string, source: string}} Module */

/** @param {{model: any, el: HTMLElement}} context */
export function render({ model, el }) {
  const hole = document.createElement("div");
  hole.className = "td-hole";
  el.append(hole);
  const root = el.getRootNode();
  const host = root instanceof ShadowRoot ? /** @type {HTMLElement} */ (root.host) : el;
  const config = () => ({
    dossier: model.dossier,
    url: model.url,
    labels: model.labels,
    iceServers: model.ice_servers,
    me: model.me,
  });
  if (document.getElementById("td-stage")) onPage(model, hole, host, config);
  else inNotebook(model, hole, host, config);
}

/**
 * @param {any} model
 * @param {HTMLElement} hole
 * @param {HTMLElement} host
 * @param {() => object} config
 */
function onPage(model, hole, host, config) {
  /** @type {(() => void)[]} */
  const undo = [];
  // « Entrer en salle » may be pressed before the room's modules have come: it is kept until they are there.
  let wanted = "";
  model.on("msg:custom", (/** @type {{t?: string}} */ message) => {
    const room = window.__td?.room;
    if (!room) wanted = message.t ?? "";
    else if (message.t === "open") room.open(config());
    else if (message.t === "close") room.close();
  });
  const start = () => {
    const td = window.__td;
    const follow = () => {
      host.dataset.tdRoom = td.room.state;
      host.dataset.tdPlace = td.room.position;
      if (model.state !== td.room.state) model.state = td.room.state;
    };
    document.addEventListener("td:room-state", follow);
    undo.push(td.place(hole), () => document.removeEventListener("td:room-state", follow));
    follow();
    if (model.opened || wanted === "open") td.room.open(config());
  };
  host.dataset.tdRoom = "closed";
  if (window.__td?.room) start();
  else {
    document.addEventListener("td:ready", start, { once: true });
    window.__td?.needRoom?.();
  }
  model.on("remove", () => {
    document.removeEventListener("td:ready", start);
    for (const each of undo) each();
  });
}

/**
 * @param {any} model
 * @param {HTMLElement} hole
 * @param {HTMLElement} host
 * @param {() => any} config
 */
function inNotebook(model, hole, host, config) {
  host.dataset.tdRoom = "alone";
  /** @type {{open: () => void, close: () => void, measures: object} | null} */
  let room = null;
  const hear = async (/** @type {{t?: string, modules?: Module[], style?: string}} */ message) => {
    if (message.t === "open") room?.open();
    if (message.t === "close") room?.close();
    if (message.t !== "sources" || room || !message.modules) return;
    const style = document.createElement("style");
    style.textContent = message.style ?? "";
    hole.before(style);
    const { mount } = await import(loaded(message.modules));
    room = mount(hole, model, config, (/** @type {string} */ state) => {
      model.state = state;
    });
    Object.assign(host, { tdRoom: room });
    if (model.opened) room?.open();
  };
  model.on("msg:custom", hear);
  model.on("remove", () => room?.close());
  model.send_msg({ t: "sources" });
}

/**
 * Modules as addresses of their own, each after those that it imports.
 * @param {Module[]} modules
 * @returns {string} address of the last one
 */
function loaded(modules) {
  /** @type {Map<string, string>} */
  const addresses = new Map();
  let last = "";
  for (const { name, source } of modules) {
    /** @param {string} _ @param {string} before @param {string} wanted */
    const addressed = (_, before, wanted) => `${before}"${addresses.get(wanted) ?? wanted}"`;
    const text = source.replace(/(\bfrom\s*|\bimport\s*\(?\s*)"\.\/([\w.]+)"/g, addressed);
    last = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    addresses.set(name, last);
  }
  return last;
}
