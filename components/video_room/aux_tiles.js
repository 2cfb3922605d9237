/**
 * What people show or let hear beside their face: one more tile for each who does, and a small one of our own. Faces are
 * not touched by it.
 */
import { set } from "./dom.js";
import { Tile } from "./tile.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./call.js").Call} Call */
/** @typedef {import("./call.js").Person} Person */
/** @typedef {import("./devices.js").Devices} Devices */

/**
 * How the tile of what a person shows is named, beside that of their face.
 * @param {string} id
 */
export const auxKey = (id) => `${id}/aux`;

export class AuxTiles {
  /**
   * @param {Words} words
   * @param {Call} call
   * @param {Devices} devices
   * @param {(tile: Tile, key: string) => void} put into the page; it goes by itself
   * @param {() => void} silent the browser refuses to play sound before a gesture
   */
  constructor(words, call, devices, put, silent) {
    this.words = words;
    this.call = call;
    this.devices = devices;
    this.put = put;
    this.silent = silent;
    /** @type {Map<string, Tile>} */
    this.byId = new Map();
    /** @type {Tile | null} */
    this.own = null;
    this.quiet = call.aux.on("changed", () => this.drawOwn());
  }

  stop() {
    this.quiet();
    for (const tile of [this.own, ...this.byId.values()]) tile?.stop();
  }

  /** @returns {[string, Tile][]} those that show something: a stethoscope is only heard */
  get pictures() {
    return [...this.byId].filter(([, { element }]) => element.dataset["content"] !== "auscultation");
  }

  drawOwn() {
    const { picture, tracks } = this.call.aux;
    if (!picture) {
      this.own?.stop();
      this.own?.element.remove();
      this.own = null;
      return;
    }
    if (!this.own) {
      this.own = new Tile(this.words);
      this.own.element.className = "td-tile td-aux td-own-aux";
      this.put(this.own, "");
    }
    this.own.play(tracks["aux-video"], null);
    this.own.setName(this.words.say(`aux.own.${picture}`), "");
  }

  /** @param {ReadonlyMap<string, Person>} people who is inside */
  draw(people) {
    for (const [id, tile] of this.byId) if (!sends(people.get(id))) this.drop(id, tile);
    for (const person of people.values()) if (sends(person)) this.drawPerson(person);
  }

  /** @param {Person} person */
  drawPerson(person) {
    const { topology } = this.call;
    const tile = this.byId.get(person.id) ?? this.newTile(person.id);
    tile.play(topology.aux(person.id, "auxVideo")?.receiver.track, topology.aux(person.id, "auxAudio")?.receiver.track);
    const content = person.aux || "auscultation";
    tile.setName(this.words.say(`aux.${content}`, { name: person.name }), person.name);
    tile.setPicture(
      content !== "auscultation" && tile.isSeen,
      content === "auscultation" ? "" : this.words.say("tile.connecting"),
    );
    tile.setMuted(false);
    tile.audio?.hush(person.silenced === true || tile.isPlayedElsewhere);
    set(tile.element, "data-content", content);
  }

  /** @param {string} id */
  newTile(id) {
    const tile = new Tile(this.words, {
      plays: (kind) => {
        const person = kind === "video" && this.byId.get(id) === tile && this.call.people.get(id);
        if (person) this.drawPerson(person);
      },
      sound: (element) => void this.devices.sound(element),
      silent: this.silent,
    });
    tile.element.className = "td-tile td-aux";
    this.byId.set(id, tile);
    this.put(tile, auxKey(id));
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
  }
}

/** @param {Person | undefined} person */
function sends(person) {
  return person !== undefined && Boolean(person.aux || person.auscultation);
}
