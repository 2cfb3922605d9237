/**
 * The plain module of a page: it puts the room on `window`, outside everything that the server builds and rebuilds.
 *
 * `__td.room.open(config)`, `.close()`, `.state`, `.position`; `__td.place(hole)`; `__td.call` for measures. The
 * document hears `td:ready` once and `td:room-state` {state, place} at every change; the same two words stand on
 * <html> as data-td-room and data-td-place, so that a style sheet can lay the page out.
 */
import { Measures } from "./measure.js";
import { Room } from "./room.js";
import { Stage } from "./stage.js";

/** @typedef {import("./room.js").RoomConfig} RoomConfig */

if (!document.querySelector('link[href*="video_room/room.css"]')) {
  const look = document.createElement("link");
  Object.assign(look, { rel: "stylesheet", href: new URL("room.css", import.meta.url).href });
  document.head.append(look);
}

const section = document.getElementById("td-stage");
if (section) {
  const measures = new Measures();
  const room = new Room(section, measures, (state, place) => {
    document.documentElement.dataset.tdRoom = state;
    document.documentElement.dataset.tdPlace = place;
    document.dispatchEvent(new CustomEvent("td:room-state", { detail: { state, place } }));
    stage.lay(state, place);
  });
  const stage = new Stage(section, () => room.root);
  const shared = /** @type {any} */ (window);
  shared.__td = Object.assign(shared.__td ?? {}, {
    call: measures,
    /** @param {HTMLElement} hole */
    place: (hole) => stage.place(hole),
    room: {
      /** @param {RoomConfig} config */
      open: (config) => room.open(config),
      close: () => room.close(),
      get state() {
        return room.state;
      },
      get position() {
        return room.place;
      },
      get dossier() {
        return room.dossier;
      },
    },
  });
  document.dispatchEvent(new CustomEvent("td:ready"));
}
