/**
 * The faces. Each participant has one tile from entering to leaving; style sheets and `arrange` move them, nothing else
 * does: a video that is moved in the document stops for a moment. Who shows something beside has a second one (`aux`).
 */
import { auxKey, AuxTiles } from "./aux_tiles.js";
import { h, set } from "./dom.js";
import { described } from "./entering.js";
import { featureBoxes, gridBoxes } from "./grid.js";
import { Tile } from "./tile.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./call.js").Call} Call */
/** @typedef {import("./devices.js").Devices} Devices */
/** @typedef {import("./measure.js").Measures} Measures */

/**
 * @typedef {object} Arrangement
 * @property {string} pinned key of a tile
 * @property {(entries: readonly import("./layout.js").Entry[]) => string[] | null} large keys of those that stand large;
 *   none: all are of one size; null: one fills the place, our own is in its corner
 * @property {(person: string, speaks: boolean) => void} voice
 */

/** Key of our own tile. */
const OWN = "own";

/** Nobody chose: what is shown stands large. @type {Arrangement} */
const BY_ITSELF = {
  pinned: "",
  large: (entries) => {
    const shown = entries.filter(({ shows }) => shows).pop();
    if (shown) return [shown.key];
    return entries.length > 2 ? [] : null;
  },
  voice: () => undefined,
};

export class Tiles {
  /**
   * @param {Words} words
   * @param {Call} call
   * @param {Devices} devices
   * @param {Measures} measures
   * @param {() => void} silent the browser refuses to play sound before a gesture
   */
  constructor(words, call, devices, measures, silent) {
    this.words = words;
    this.call = call;
    this.devices = devices;
    this.measures = measures;
    this.silent = silent;
    /** @type {Arrangement} */
    this.layout = BY_ITSELF;
    this.own = new Tile(words);
    /** Adds to each tile of others what one can do with it. @type {((tile: Tile, key: string) => void) | null} */
    this.dress = null;
    this.element = h("div", { class: "td-tiles", "data-count": 0 }, this.own.element);
    /** @type {Map<string, Tile>} */
    this.byId = new Map();
    this.aux = new AuxTiles(words, call, devices, (tile, key) => this.put(tile, key), silent);
    /** @type {MediaStreamTrack | null} */
    this.track = null;
    /** @type {Promise<void> | null} the next drawing */
    this.coming = null;
    /** The call is not drawn yet: who is met covers our own face, and nothing else moves. */
    this.isLobby = false;
    /** @type {() => void} */
    this.seen = () => undefined;
    /** Somebody's picture is really there. @type {Promise<void>} */
    this.pictured = new Promise((seen) => (this.seen = seen));
    this.sizes = new ResizeObserver(() => this.arrange());
    this.sizes.observe(this.element);
    this.stops = [
      call.on("people link state silenced", () => this.soon()),
      devices.on("tracks", () => this.drawOwn()),
      devices.on("speaker list", () => this.route()),
    ];
    this.drawOwn();
  }

  stop() {
    this.sizes.disconnect();
    for (const stop of this.stops.splice(0)) stop();
    this.aux.stop();
    for (const tile of [this.own, ...this.byId.values()]) tile.stop();
  }

  /** @returns {Tile[]} of the others, each with a sound of its own */
  get all() {
    return [...this.byId.values(), ...this.aux.byId.values()];
  }

  /**
   * Into the page, before our own.
   * @param {Tile} tile
   * @param {string} key empty: ours
   */
  put(tile, key) {
    this.element.insertBefore(tile.element, this.own.element);
    if (key) this.dress?.(tile, key);
  }

  /** Every sound by the loudspeaker of now; one that a pulled plug has stopped goes on. */
  route() {
    for (const { audio } of this.all) {
      if (audio) void this.devices.sound(audio.element);
      if (audio?.track && audio.element.paused) void audio.element.play().catch(() => undefined);
    }
  }

  drawOwn() {
    const track = this.devices.tracks.video;
    if (track !== this.track) {
      this.track = track;
      const facing = track?.getSettings().facingMode;
      this.own.element.classList.toggle("td-mirror", facing !== "environment");
      this.own.play(track, null);
    }
    const problem = this.devices.wanted.video && this.devices.problems.video;
    this.own.setPicture(this.devices.sends("video"), problem ? this.words.say(`problem.video.${problem}`) : "");
    this.own.setMuted(!this.devices.sends("audio"), this.call.silenced);
  }

  /** Who has just entered hears first how the line is to be: to lay out new faces would hold it up. */
  soon() {
    if (!this.call.awaitsLine) return this.draw();
    this.coming ??= described(this.call).then(() => {
      this.coming = null;
      if (this.stops.length) this.draw();
    });
  }

  draw() {
    const people = this.call.state === "inside" ? this.call.people : new Map();
    for (const [id, tile] of this.byId) if (!people.has(id)) this.drop(id, tile);
    for (const person of people.values()) this.drawPerson(person);
    this.aux.draw(people);
    this.arrange();
    this.drawOwn();
  }

  /** @returns {(import("./layout.js").Entry & {tile: Tile})[]} in the order of the grid, ours last */
  get entries() {
    const faces = [...this.byId].map(([id, tile]) => ({ key: id, person: id, shows: false, tile }));
    const shown = [...this.aux.pictures].map(([id, tile]) => ({ key: auxKey(id), person: id, shows: true, tile }));
    return [...faces, ...shown, { key: OWN, person: OWN, shows: false, tile: this.own }];
  }

  /** Give each tile its place: one that fills all with our own in its corner, a grid, or some large and the others small. */
  arrange() {
    const { entries, element } = this;
    if (this.isLobby) return set(element, "data-count", 0);
    const large = this.layout.large(entries);
    set(element, "data-count", large ? "many" : entries.length - 1);
    const first = entries.filter(({ key }) => large?.includes(key));
    const ordered = [...first, ...entries.filter((each) => !first.includes(each))];
    const boxes = large ? this.boxes(first.length, ordered.length - first.length) : [];
    ordered.forEach(({ tile, key }, at) => {
      tile.element.style.setProperty("--td-box", boxes[at] ?? "0");
      tile.element.classList.toggle("td-large", first.some((each) => each.key === key));
      tile.element.classList.toggle("td-pinned", key === this.layout.pinned);
    });
  }

  /**
   * Asks for the size of the place, and so for a layout of the page in the middle of whatever is being drawn: only where
   * tiles do not fill it by themselves.
   * @param {number} large
   * @param {number} small
   * @returns {string[]} CSS `inset` of each
   */
  boxes(large, small) {
    const { clientWidth: width, clientHeight: height } = this.element;
    const boxes = large ? featureBoxes(large, small, width, height) : gridBoxes(small, width, height);
    return boxes.map(({ left, top, width: wide, height: high }) =>
      [top, 1 - left - wide, 1 - top - high, left].map((part) => `${(100 * part).toFixed(3)}%`).join(" "),
    );
  }

  /** @param {import("./call.js").Person} person */
  drawPerson(person) {
    const tile = this.byId.get(person.id) ?? this.newTile(person.id);
    const way = this.call.topology.path(person.id);
    tile.play(way?.video?.receiver.track, way?.audio?.receiver.track);
    const cut = way !== null && (way.state === "failed" || way.state === "closed");
    tile.setName(person.name, person.name);
    tile.setPicture(
      person.camera && tile.isSeen && !cut,
      this.words.say(
        cut ? "tile.cut" : person.camera || way?.state !== "connected" ? "tile.connecting" : "tile.no_camera",
      ),
    );
    tile.setMuted(!person.microphone, person.silenced);
    tile.setTag(person.role === "caregiver" || person.role === "patient" ? this.words.role(person.role) : "");
    if (!person.camera) this.measures.rest(person.id);
  }

  /** @param {string} id */
  newTile(id) {
    const tile = new Tile(this.words, {
      plays: (kind, track) => {
        this.call.topology.plays(id, kind, track);
        if (kind === "video" && track) this.seen();
        const person = kind === "video" && this.byId.get(id) === tile && this.call.people.get(id);
        if (person) this.drawPerson(person);
      },
      frame: (now) => this.measures.frame(id, now),
      sound: (element) => void this.devices.sound(element),
      silent: this.silent,
    });
    this.byId.set(id, tile);
    this.put(tile, id);
    return tile;
  }

  /**
   * @param {string} id
   * @param {Tile} tile
   */
  drop(id, tile) {
    tile.stop();
    tile.element.remove();
    this.byId.delete(id);
    this.measures.rest(id);
  }

  /** Everything that the browser kept silent, after a gesture. */
  unmute() {
    for (const { audio } of this.all) void audio?.element.play().catch(() => undefined);
  }

  /**
   * @param {string} id `""` is ourselves
   * @param {number} level
   */
  setLevel(id, level) {
    (id ? this.byId.get(id) : this.own)?.setLevel(level);
  }

  /**
   * @param {string} id
   * @param {boolean} speaks
   */
  setVoice(id, speaks) {
    this.byId.get(id)?.setVoice(speaks);
    this.layout.voice(id, speaks);
  }
}
