/**
 * The room of a professional: the lobby, then the call, drawn in one element that lasts. The faces are in it from the
 * first to the last moment; lobby and call are put around them.
 */
import { stayAwake } from "./awake.js";
import { Call } from "./call.js";
import { CallView, PLACES } from "./call_view.js";
import { Devices } from "./devices.js";
import { h, icon, set } from "./dom.js";
import { described } from "./entering.js";
import "./icons_room.js";
import { Knock } from "./knock.js";
import { LobbyView } from "./lobby_view.js";
import { webSocket } from "./signalling.js";
import { Tiles } from "./tiles.js";
import { Words } from "./words.js";

/** @typedef {import("./measure.js").Measures} Measures */
/** @typedef {import("./signalling.js").Socket} Socket */
/** @typedef {import("./call_view.js").Place} Place */
/** @typedef {"closed" | "lobby" | "call"} RoomPhase */
/**
 * @typedef {object} RoomConfig
 * @property {string} dossier
 * @property {string} url of the signalling, relative to the page
 * @property {import("./words.js").Labels} labels
 * @property {RTCIceServer[]} [iceServers]
 * @property {Partial<import("./call.js").Me>} [me] until the server says it
 * @property {() => Socket} [connect] instead of `url`, in a notebook
 */

const STORE = "td-place";
/** So long one sees the others where one saw oneself; then the rest of the call is drawn, whether they have come or not. */
const AT_LAST = 300;

export class Room {
  /**
   * @param {HTMLElement} host
   * @param {Measures} measures
   * @param {(state: RoomPhase, place: Place) => void} changed
   */
  constructor(host, measures, changed) {
    this.host = host;
    this.measures = measures;
    this.changed = changed;
    /** @type {RoomPhase} */
    this.state = "closed";
    /** @type {Place} */
    this.place = storedPlace();
    this.dossier = "";
    /** @type {Call | null} */
    this.call = null;
    /** @type {Devices | null} */
    this.devices = null;
    /** @type {Tiles | null} */
    this.tiles = null;
    /** @type {LobbyView | null} */
    this.lobby = null;
    /** @type {CallView | null} */
    this.inside = null;
    /** @type {CallView | null} made, not shown yet */
    this.coming = null;
    /** @type {Words | null} */
    this.words = null;
    this.root = h("div", { class: "td-room" });
    /** @type {Knock | null} */
    this.knock = null;
    /** The call is being drawn, in turns. */
    this.drawing = false;
    /** @type {() => void} */
    this.sleep = () => undefined;
  }

  /**
   * Show the lobby. A room that is already open stays as it is: a page that is built anew finds its call again.
   * @param {RoomConfig} config
   */
  open(config) {
    if (this.state !== "closed") return;
    this.dossier = config.dossier;
    const words = new Words(config.labels);
    const devices = new Devices();
    const call = new Call(config.connect ?? webSocket(config.url, config.dossier), devices, config.iceServers ?? []);
    if (config.me?.name) call.me = { name: config.me.name, role: config.me.role ?? "", professional: true };
    this.words = words;
    this.devices = devices;
    this.call = call;
    this.measures.follow(call);
    this.knock = new Knock(call);
    this.tiles = new Tiles(words, call, devices, this.measures, () => (this.inside ?? this.coming)?.silent());
    this.root.replaceChildren(this.tiles.element);
    this.host.append(this.root);
    call.on("state", () => this.follow());
    call.on("hello", () => this.nameOwn());
    call.watchRooms();
    call.line.open();
    void call.prepare();
    void devices.open();
    this.show("lobby");
    whenIdle(() => this.furnish());
  }

  /** Leave whatever is there, let go of the devices and of the place on the page. */
  close() {
    if (this.state === "closed") return;
    this.sleep();
    this.knock?.stop();
    this.lobby?.stop();
    this.inside?.stop();
    this.coming?.stop();
    this.call?.close();
    this.tiles?.stop();
    this.devices?.close();
    this.measures.follow(null);
    this.call = this.devices = this.tiles = this.lobby = this.inside = this.coming = this.words = null;
    this.root.remove();
    this.root.replaceChildren();
    this.state = "closed";
    this.changed("closed", this.place);
  }

  follow() {
    const { call } = this;
    if (!call) return;
    if (call.state === "inside") this.nameOwn(); // they are seen from now on
    if (call.state === "joining" || call.state === "inside") void this.drawCall();
    else if (call.state === "out") this.backToLobby();
    else if (call.state === "over") {
      if (call.ending === "left") this.close();
      else this.showEnd();
    }
  }

  /** Refused at the door, mostly: what had begun to listen is put away. */
  backToLobby() {
    this.coming?.stop();
    this.coming = null;
    this.show("lobby");
    whenIdle(() => this.furnish());
  }

  /**
   * Draw the call around the first picture; until then the others are seen where one saw oneself. Its parts
   * listen at once: they hear what is joined.
   */
  async drawCall() {
    if (this.drawing || this.state !== "lobby") return;
    this.drawing = true;
    await null; // the question to the server goes first
    if (this.isEntering) {
      this.furnish();
      this.coming?.begin();
      if (this.call) await described(this.call);
      if (this.call && this.tiles) await pictured(this.call, this.tiles);
    }
    this.drawing = false;
    if (this.isEntering) this.show("call");
  }

  /** Make the parts of the call: in the lobby, while nothing else is to be done. */
  furnish() {
    const { words, call, devices, tiles } = this;
    if (this.state !== "lobby" || !words || !call || !devices || !tiles) return;
    this.coming ??= new CallView(words, call, devices, tiles, (place) => this.setPlace(place));
  }

  get isEntering() {
    return this.call?.state === "joining" || this.call?.state === "inside";
  }

  /** @param {"lobby" | "call"} phase */
  show(phase) {
    const { words, call, devices, tiles } = this;
    if (!words || !call || !devices || !tiles || (this.state === phase && this.root.children.length > 1)) return;
    const coming = this.coming;
    if (phase === "call") this.coming = null;
    this.clear();
    if (phase === "lobby") {
      this.lobby = new LobbyView(words, call, devices);
      this.root.append(this.lobby.under, this.lobby.side);
    } else {
      this.sleep = stayAwake();
      this.inside = coming ?? new CallView(words, call, devices, tiles, (place) => this.setPlace(place));
      this.inside.begin();
      this.root.append(...this.inside.parts);
      this.inside.setPlace(this.place);
    }
    this.enter(phase);
    this.nameOwn();
    const title = this.lobby?.title ?? this.inside?.title;
    title?.focus({ preventScroll: true });
  }

  /** The right to be here is gone, or somebody showed the door: say so, then the way back. */
  showEnd() {
    const { words, call } = this;
    if (!words || !call) return;
    const reason = call.ending ?? "right";
    this.clear();
    this.devices?.close();
    this.root.append(
      h(
        "div",
        { class: "td-end", role: "alert" },
        icon("alert", 28),
        h("h2", { class: "td-title" }, words.say(`end.${reason}`)),
        h("p", {}, call.message || words.say(`end.${reason}.text`)),
        h(
          "button",
          { type: "button", class: "td-btn td-btn-primary", onclick: () => this.close() },
          words.say("end.back"),
        ),
      ),
    );
    this.enter("lobby");
    set(this.root, "data-state", "end");
  }

  clear() {
    this.sleep();
    this.lobby?.stop();
    this.inside?.stop();
    this.coming?.stop();
    this.lobby = this.inside = this.coming = null;
    for (const part of [...this.root.children]) if (part !== this.tiles?.element) part.remove();
  }

  /** @param {"lobby" | "call"} phase */
  enter(phase) {
    this.state = phase;
    set(this.root, "data-state", phase);
    set(this.root, "data-place", this.place);
    if (this.tiles) {
      this.tiles.isLobby = phase === "lobby";
      this.tiles.arrange();
    }
    set(this.root, "role", "region");
    set(this.root, "aria-label", this.words?.say("room.label"));
    this.changed(phase, this.place);
  }

  nameOwn() {
    const { words, call, tiles } = this;
    if (!words || !call || !tiles) return;
    const name = call.me?.name ?? "";
    tiles.own.setName(this.state === "call" ? words.say("you") : name || words.say("you"), name);
    tiles.own.setTag(this.state === "lobby" && call.state !== "inside" ? words.say("lobby.preview") : "");
    if (this.state === "lobby") tiles.own.setLevel(null);
  }

  /** @param {Place} place */
  setPlace(place) {
    this.place = place;
    try {
      localStorage.setItem(STORE, place);
    } catch {
      // The place is only a habit.
    }
    set(this.root, "data-place", place);
    this.inside?.setPlace(place);
    this.changed(this.state, place);
  }
}

/**
 * Somebody's picture is there, or nobody sends one, or it takes too long.
 * @param {Call} call
 * @param {Tiles} tiles
 * @returns {Promise<unknown>}
 */
const pictured = (call, tiles) => {
  const expected = call.state === "inside" && [...call.people.values()].some(({ camera }) => camera);
  return Promise.race([tiles.pictured, new Promise((go) => setTimeout(go, expected ? AT_LAST : 0))]);
};

/** @param {() => void} act */
function whenIdle(act) {
  if ("requestIdleCallback" in window) requestIdleCallback(act, { timeout: 2000 });
  else setTimeout(act, 300);
}

/** @returns {Place} */
function storedPlace() {
  try {
    const place = /** @type {Place} */ (localStorage.getItem(STORE));
    return PLACES.includes(place) && place !== "small" ? place : "right";
  } catch {
    return "right";
  }
}
