/** Which room: a group of radio buttons that follows who comes and goes. */
import { h, set, write } from "./dom.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./call.js").RoomState} RoomState */

export class RoomList {
  /**
   * @param {Words} words
   * @param {() => void} changed
   */
  constructor(words, changed) {
    this.words = words;
    this.changed = changed;
    this.selected = "";
    this.element = h("fieldset", { class: "td-rooms" }, h("legend", { class: "td-vh" }, words.say("lobby.room")));
    this.empty = h("p", { class: "td-rooms-empty" }, words.say("lobby.loading"));
    this.element.append(this.empty);
    /** @type {Map<string, {element: HTMLElement, input: HTMLInputElement, name: HTMLElement, state: HTMLElement, tag: HTMLElement}>} */
    this.rows = new Map();
    this.group = `td-room-${Math.random().toString(36).slice(2)}`;
  }

  /** @param {RoomState[]} rooms */
  draw(rooms) {
    this.empty.hidden = rooms.length > 0;
    for (const [id, row] of this.rows) {
      if (rooms.some((room) => room.id === id)) continue;
      row.element.remove();
      this.rows.delete(id);
    }
    for (const room of rooms) this.drawRow(room);
    if (!this.rows.has(this.selected)) this.select((rooms.find(({ planned }) => planned) ?? rooms[0])?.id ?? "");
  }

  /** @param {string} id */
  select(id) {
    this.selected = id;
    for (const [each, { element, input }] of this.rows) {
      input.checked = each === id;
      element.classList.toggle("td-on", each === id);
    }
    this.changed();
  }

  /** @param {RoomState} room */
  drawRow(room) {
    const row = this.rows.get(room.id) ?? this.newRow(room.id);
    write(row.name, room.name);
    const names = room.people.join(", ");
    write(
      row.state,
      room.people.length
        ? this.words.count("lobby.people", room.people.length, { names })
        : this.words.say("lobby.free"),
    );
    write(row.tag, room.full ? this.words.say("lobby.full") : room.planned ? this.words.say("lobby.planned") : "");
    row.tag.hidden = !row.tag.textContent;
    set(row.tag, "class", room.full ? "td-chip td-chip-grey" : "td-chip");
    row.element.classList.toggle("td-busy", room.people.length > 0);
  }

  /** @param {string} id */
  newRow(id) {
    const input = h("input", { type: "radio", name: this.group, value: id, onchange: () => this.select(id) });
    const [name, state, tag] = [h("b"), h("small"), h("span", { class: "td-chip" })];
    const element = h(
      "label",
      { class: "td-room-row" },
      input,
      h("span", { class: "td-room-name" }, name, " ", state),
      tag,
    );
    this.element.append(element);
    const row = { element, input, name, state, tag };
    this.rows.set(id, row);
    return row;
  }
}
