/**
 * The call: head with the room and the place of the video, messages above the faces, one panel at a time
 * (participants, discussion, invitations), the bar. The faces themselves belong to the room.
 */
import { Bar } from "./bar.js";
import { ChatView } from "./chat_view.js";
import { sayInterrupted, saySilent } from "./device_notes.js";
import { Talk } from "./direct_tab.js";
import { h, icon, set, write } from "./dom.js";
import { InviteView } from "./invite_view.js";
import { Notes } from "./notes.js";
import { PeopleView } from "./people_view.js";
import { Quality } from "./quality.js";
import { possible, started, TOOLS } from "./tools.js";
import { voiceNotes } from "./voice.js";
import { initials } from "./words.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./call.js").Call} Call */
/** @typedef {import("./devices.js").Devices} Devices */
/** @typedef {import("./tiles.js").Tiles} Tiles */
/** @typedef {{element: HTMLElement, shown: () => void}} Panel */
/** @typedef {"left" | "right" | "small" | "large"} Place */

/** @type {readonly Place[]} */
export const PLACES = ["left", "right", "small", "large"];
const SHORT = 6000;

export class CallView {
  /**
   * @param {Words} words
   * @param {Call} call
   * @param {Devices} devices
   * @param {Tiles} tiles
   * @param {(place: Place) => void} moved
   */
  constructor(words, call, devices, tiles, moved) {
    this.words = words;
    this.call = call;
    this.devices = devices;
    this.tiles = tiles;
    this.lasting = h("span", { class: "td-lasting" });
    this.title = h("h2", { class: "td-room-title", tabindex: -1 });
    this.places = PLACES.map((place) =>
      h(
        "button",
        {
          type: "button",
          class: `td-place-${place}`,
          "aria-label": words.say(`place.${place}`),
          title: words.say(`place.${place}`),
          "aria-pressed": "false",
          onclick: () => moved(place),
        },
        icon(`place-${place}`),
      ),
    );
    this.head = h(
      "header",
      { class: "td-head" },
      h("span", { class: "td-live", "aria-hidden": "true" }),
      this.title,
      this.lasting,
      h("span", { class: "td-grow" }),
      h("div", { class: "td-seg", role: "group", "aria-label": words.say("place.label") }, ...this.places),
    );
    this.notes = new Notes();
    this.alone = h("p", { class: "td-alone" });

    this.chat = new ChatView(words, call);
    this.talk = new Talk(words, call, this.chat, () => this.drawUnread());
    this.people = new PeopleView(words, call, devices);
    this.invite = new InviteView(words, call);
    /** @type {Map<string, Panel>} */
    this.panels = new Map();
    this.side = h("div", { class: "td-panel" });
    /** @type {string | null} name of the panel */
    this.open = matchMedia("(max-width: 900px)").matches ? null : "people";
    this.count = h("span", { class: "td-count" });
    this.addPanel("people", this.people.element, { mark: this.count });
    this.addPanel("chat", this.talk.element, { shown: () => this.talk.shown() });
    this.addPanel("invite", this.invite.element, { shown: () => this.invite.shown() });
    /** @type {import("./tools.js").Context} */
    this.context = { words, call, devices, tiles, aux: call.aux, view: this, notes: this.notes };
    this.tools = possible(TOOLS);
    this.bar = new Bar(this.context, this.tools);
    this.live = h("p", { class: "td-vh", role: "status", "aria-live": "polite" });
    this.parts = [this.head, this.notes.element, this.alone, this.side, this.bar.element, this.live];
    /** @type {Quality | null} */
    this.quality = null;
    /** @type {(() => void)[]} */
    this.stops = [];
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.clock = undefined;
  }

  /** Somebody enters: from here on it hears what is joined and said. Until then it is furniture, made in the lobby. */
  begin() {
    if (this.quality) return;
    const { words, call, devices, tiles } = this;
    const listener = {
      level: (/** @type {string} */ id, /** @type {number} */ level) => this.measured(id, level),
      voice: (/** @type {string} */ id, /** @type {boolean} */ speaks) => tiles.setVoice(id, speaks),
    };
    this.quality = new Quality(call, listener, this);
    this.stops = [
      call.on("lobby", () => this.drawLobby()),
      call.on("line link", () => this.drawLine()),
      call.on("notice", (notice) => this.announce(notice)),
      call.on("problem", ({ message, about }) => this.refused(about, message)),
      call.on("people state", () => this.draw()),
      devices.on("interrupted", (kind) => sayInterrupted(this, devices, kind, words.say("interrupted.text"))),
      devices.on("tracks", () => this.drawDevices()),
      devices.on("replaced", (found) => this.replaced(found)),
      voiceNotes(words, call, this.notes),
    ];
    this.clock = setInterval(() => this.tick(), 5000);
    this.draw();
    this.drawPanels();
    this.drawLobby();
    this.drawLine();
    this.drawDevices();
    this.stops.push(...started(this.tools, this.context));
  }

  stop() {
    clearInterval(this.clock);
    this.quality?.stop();
    this.bar.end();
    this.chat.stop();
    this.talk.stop();
    this.people.stop();
    this.invite.stop();
    for (const stop of this.stops) stop();
  }

  /**
   * One more panel at the side, opened and closed by `turn(name)`. Its words are `panel.<name>` and `panel.<name>.close`.
   * @param {string} name
   * @param {HTMLElement} content
   * @param {{shown?: () => void, mark?: HTMLElement}} [more] `shown`: it was opened; `mark` stands beside its title
   */
  addPanel(name, content, { shown = () => undefined, mark } = {}) {
    const label = this.words.say(`panel.${name}`);
    const element = h(
      "section",
      {
        class: `td-panel-one td-panel-${name}`,
        "aria-label": label,
        onkeydown: (event) => {
          if (event instanceof KeyboardEvent && event.key === "Escape") this.turn(name);
        },
      },
      h(
        "div",
        { class: "td-panel-head" },
        h("h3", {}, label, " ", mark),
        h("span", { class: "td-grow" }),
        h(
          "button",
          {
            type: "button",
            class: "td-iconbtn",
            "aria-label": this.words.say(`panel.${name}.close`),
            title: this.words.say(`panel.${name}.close`),
            onclick: () => this.turn(name),
          },
          icon("close"),
        ),
      ),
      content,
    );
    element.hidden = this.open !== name;
    this.panels.set(name, { element, shown });
    this.side.append(element);
  }

  /** @param {string} name of the panel to open, or to close when it is open */
  turn(name) {
    const closing = this.open === name;
    this.open = closing ? null : name;
    this.drawPanels();
    if (closing) this.bar.tools.get(name)?.element.focus();
    else this.panels.get(name)?.shown();
  }

  drawPanels() {
    for (const [name, { element }] of this.panels) {
      element.hidden = this.open !== name;
      this.bar.press(name, this.open === name);
    }
    this.side.hidden = this.open === null;
    this.talk.show(this.open === "chat");
  }

  drawUnread() {
    const { unread } = this.talk;
    this.bar?.count("chat", unread, this.words.count("chat.unread", unread));
  }

  draw() {
    write(this.title, this.call.room.name);
    this.tick();
    write(this.count, String(this.call.people.size + 1));
    this.alone.hidden = this.call.people.size > 0 || this.call.state !== "inside";
    write(this.alone, this.words.say("call.alone"));
  }

  tick() {
    write(
      this.lasting,
      this.call.since ? this.words.say("call.since", { time: this.words.lasting(this.call.since) }) : "",
    );
    this.people.draw();
    this.drawLobby();
  }

  drawLobby() {
    const { lobby } = this.call;
    this.notes.keep("guest-", new Set(lobby.map(({ id }) => `guest-${id}`)));
    for (const { id, name, role, since } of lobby) {
      this.notes.show(`guest-${id}`, {
        title: this.words.say("waiting.title", { name }),
        text: this.words.say("waiting.text", { role: this.words.role(role), time: this.words.lasting(since) }),
        mark: h("span", { class: "td-avatar td-avatar-grey", "aria-hidden": "true" }, initials(name)),
        dialog: this.words.say("waiting.label"),
        acts: [
          { label: this.words.say("waiting.refuse"), act: () => this.call.refuse(id) },
          { label: this.words.say("waiting.admit"), act: () => this.call.admit(id), primary: true },
        ],
      });
    }
  }

  drawLine() {
    const { call, words } = this;
    const inside = call.state === "inside";
    if (call.line.isOpen || (!inside && call.state !== "joining")) this.notes.hide("line");
    else
      this.notes.show("line", {
        title: words.say("line.lost"),
        icon: "retry",
        ...(inside && { text: words.say("line.lost.text") }),
      });
    if (call.state === "inside" && call.waitsForUnit)
      this.notes.show("unit", { title: words.say("unit.lost"), text: words.say("unit.lost.text"), icon: "retry" });
    else this.notes.hide("unit");
    if (call.topology.isBroken && !call.waitsForUnit)
      this.notes.show("media", { title: words.say("media.lost"), text: words.say("media.lost.text"), icon: "retry" });
    else this.notes.hide("media");
  }

  drawDevices() {
    for (const kind of /** @type {const} */ (["video", "audio"])) {
      const problem = this.devices.wanted[kind] && this.devices.problems[kind];
      if (!problem) {
        this.notes.hide(`device-${kind}`);
        if (!this.devices.tracks[kind]?.muted) this.notes.hide(`resume-${kind}`);
        continue;
      }
      this.notes.show(`device-${kind}`, {
        title: this.words.say(`problem.${kind}.${problem}`),
        text: this.words.say(`problem.${kind}.${problem}.help`),
        icon: "alert",
        warm: true,
        acts: [{ label: this.words.say("problem.retry"), act: () => void this.devices.retry([kind]) }],
      });
    }
  }

  /** @param {{kind: "audio" | "video", name: string}} found what took over from a device that was lost */
  replaced({ kind, name }) {
    this.notes.show(
      `replaced-${kind}`,
      { title: this.words.say(`replaced.${kind}`), text: this.words.say("replaced.text", { name }), icon: "info" },
      2 * SHORT,
    );
  }

  silent() {
    saySilent(this, this.tiles);
  }

  /** @param {{event: "entered" | "left" | "chat", name: string, text?: string}} notice */
  announce({ event, name, text }) {
    write(this.live, this.words.say(`event.${event}`, { name, text: text ?? "" }));
    if (event !== "chat")
      this.notes.show(
        `event-${event}`,
        { title: this.words.say(`event.${event}`, { name }), icon: event === "entered" ? "invite" : "people" },
        SHORT,
      );
  }

  /**
   * @param {string} about
   * @param {string} message
   */
  refused(about, message) {
    if (about !== "invite" && about !== "withdraw" && about !== "chat")
      this.notes.show("problem", { title: message, icon: "alert", warm: true }, 2 * SHORT);
  }

  /**
   * @param {string} id
   * @param {number} level
   */
  measured(id, level) {
    this.tiles.setLevel(id, level);
    this.people.setLevel(id, level);
  }

  /** @param {Place} place */
  setPlace(place) {
    // A telephone knows two places only: large and small.
    const shown = place !== "small" && matchMedia("(max-width: 900px)").matches ? "large" : place;
    PLACES.forEach((each, at) => set(this.places[at], "aria-pressed", String(each === shown)));
  }
}
