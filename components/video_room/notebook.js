/** The room in a notebook: no page of ours around it, so it holds its own stage and speaks over its own channel. */
import { channel } from "./channel.js";
import { h, icon } from "./dom.js";
import { Measures } from "./measure.js";
import { Room } from "./room.js";

/** @typedef {import("./channel.js").Model} Model */
/** @typedef {import("./room.js").RoomPhase} RoomPhase */

/**
 * @param {HTMLElement} host
 * @param {Model} model
 * @param {() => {dossier: string, labels: Record<string, string>, iceServers: RTCIceServer[], me: object}} config
 * @param {(state: RoomPhase) => void} changed
 */
export function mount(host, model, config, changed) {
  host.classList.add("td-host");
  const measures = new Measures();
  const door = h("div", { class: "td-door" });
  const room = new Room(host, measures, (state) => {
    door.hidden = state !== "closed";
    changed(state);
  });
  room.place = "right";
  const open = () => {
    const { dossier, labels, iceServers, me } = config();
    room.open({ dossier, labels, iceServers, me, url: "", connect: channel(model) });
  };
  door.append(
    h(
      "button",
      { type: "button", class: "td-btn td-btn-primary td-btn-tall", onclick: open },
      icon("camera"),
      config().labels["lobby.title"] ?? "",
    ),
  );
  host.append(door);
  return { open, close: () => room.close(), measures };
}
