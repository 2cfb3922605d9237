/**
 * The faces. Each participant has one tile from entering to leaving; style sheets and `grid.js` move them, nothing else
 * does: a video that is moved in the document stops for a moment. Who shows something beside has a second one (`aux`).
 */
import { AuxTiles } from "./aux_tiles.js";
import { h, set } from "./dom.js";
import { areas, bestGrid } from "./grid.js";
import { Tile } from "./tile.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./call.js").Call} Call */
/** @typedef {import("./devices.js").Devices} Devices */
/** @typedef {import("./measure.js").Measures} Measures */

/** With so many tiles of others the own picture is one of the grid, no longer a corner of the other's. */
const MANY = 2;

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
    this.own = new Tile(words);
    this.element = h("div", { class: "td-tiles", "data-count": 0 }, this.own.element);
    /** @type {Map<string, Tile>} */
    this.byId = new Map();
    this.aux = new AuxTiles(words, call, devices, (tile) => this.element.insertBefore(tile, this.own.element), silent);
    /** @type {MediaStreamTrack | null} */
    this.track = null;
    this.sizes = new ResizeObserver(() => this.arrange());
    this.sizes.observe(this.element);
    this.stops = [
      call.on("people link state silenced", () => this.draw()),
      devices.on("tracks", () => this.drawOwn()),
      devices.on("speaker list", () => this.route()),
    ];
    this.drawOwn();
  }

  stop() {
    this.sizes.disconnect();
    for (const stop of this.stops) stop();
    this.aux.stop();
    for (const tile of [this.own, ...this.byId.values()]) tile.stop();
  }

  /** @returns {Tile[]} of the others, each with a sound of its own */
  get all() {
    return [...this.byId.values(), ...this.aux.byId.values()];
  }

  route() {
    for (const { audio } of this.all) if (audio) void this.devices.sound(audio.element);
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

  draw() {
    const people = this.call.state === "inside" ? this.call.people : new Map();
    for (const [id, tile] of this.byId) if (!people.has(id)) this.drop(id, tile);
    for (const person of people.values()) this.drawPerson(person);
    this.aux.draw(people);
    if (this.element.dataset["count"] !== String(this.all.length)) {
      set(this.element, "data-count", this.all.length);
      this.arrange();
    }
    this.drawOwn();
  }

  /** Give each tile of a room of many its place. */
  arrange() {
    const tiles = [...this.all, this.own].map(({ element }) => element);
    const many = this.all.length >= MANY;
    const { columns, rows } = bestGrid(tiles.length, this.element.clientWidth, this.element.clientHeight);
    const places = areas(tiles.length, columns);
    tiles.forEach((tile, at) => tile.style.setProperty("grid-area", many ? places[at] : ""));
    this.element.style.setProperty("--td-columns", String(2 * columns));
    this.element.style.setProperty("--td-rows", String(rows));
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
        const person = kind === "video" && this.byId.get(id) === tile && this.call.people.get(id);
        if (person) this.drawPerson(person);
      },
      frame: (now) => this.measures.frame(id, now),
      sound: (element) => void this.devices.sound(element),
      silent: this.silent,
    });
    this.byId.set(id, tile);
    this.element.insertBefore(tile.element, this.own.element);
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
  }
}
