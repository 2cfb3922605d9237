/**
 * « Entrer en salle »: which room, how one looks and sounds, then one button. The picture itself is the own tile of
 * the room, which stays the same from here into the call.
 */
import { deviceSelect } from "./device_select.js";
import { h, icon, write } from "./dom.js";
import { Level, meter, playNotes } from "./level.js";
import { RoomList } from "./room_list.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./call.js").Call} Call */
/** @typedef {import("./devices.js").Devices} Devices */

const BARS = 25;
const HEARD = 0.3;
const REMEMBERED = 4000;
const SLOW = 400;
/** Nothing heard for so long although the microphone is open: something is muted before us. */
const SILENT = 9000;
/** The network is checked when somebody stays here for a moment: who enters at once is not held up by it. */
const SETTLED = 2500;

export class LobbyView {
  /**
   * @param {Words} words
   * @param {Call} call
   * @param {Devices} devices
   */
  constructor(words, call, devices) {
    this.words = words;
    this.call = call;
    this.devices = devices;
    this.heard = -REMEMBERED;
    const bars = meter(BARS, words.say("lobby.level"));
    this.level = new Level((level) => {
      bars.show(devices.sends("audio") ? level : 0);
      if (level > HEARD) this.heard = performance.now();
      this.drawHeard();
    });
    this.since = performance.now();
    /** @type {import("./check_view.js").CheckView | null} */
    this.check = null;
    this.checkSoon();
    this.voice = h("span", { class: "td-voice" });
    this.problems = h("div", { class: "td-problems" });
    this.checks = { devices: check(), line: check(), secret: check() };
    this.under = h(
      "div",
      { class: "td-under" },
      this.problems,
      h("div", { class: "td-level" }, icon("mic"), bars.element, this.voice),
      h(
        "ul",
        { class: "td-checks" },
        this.checks.devices.element,
        this.checks.line.element,
        this.checks.secret.element,
      ),
    );

    this.title = h("h2", { class: "td-title", tabindex: -1 }, words.say("lobby.title"));
    this.rooms = new RoomList(words, () => {
      this.call.expect(this.rooms.selected);
      this.drawButton();
    });
    this.selects = /** @type {const} */ (["video", "audio", "speaker"]).map((which) =>
      deviceSelect(words, devices, which),
    );
    const test = h(
      "button",
      {
        type: "button",
        class: "td-btn td-btn-tall",
        onclick: () => void playNotes((element) => devices.sound(element)),
      },
      icon("speaker"),
      words.say("lobby.test"),
    );
    this.error = h("p", { class: "td-error", role: "alert", hidden: true });
    this.button = h(
      "button",
      { type: "button", class: "td-btn td-btn-primary td-btn-join", onclick: () => this.enter() },
      icon("camera"),
      h("span", {}, words.say("lobby.join")),
    );
    this.note = h("p", { class: "td-small td-center" });
    this.side = h(
      "div",
      { class: "td-side" },
      this.title,
      this.rooms.element,
      this.selects[0].element,
      this.selects[1].element,
      h("div", { class: "td-row" }, this.selects[2].element, test),
      this.error,
      this.button,
      this.note,
    );

    this.stops = [
      call.on("rooms", () => {
        this.rooms.draw(call.rooms);
        call.expect(this.rooms.selected);
      }),
      call.on("line state hello", () => this.draw()),
      call.on("problem", ({ message, about }) => this.refused(about, message)),
      devices.on("tracks list", () => this.draw()),
    ];
    this.timer = setInterval(() => this.drawLine(), 1000);
    this.rooms.draw(call.rooms);
    // Refused: the choice is still theirs.
    if (this.rooms.rows.has(call.room.id)) this.rooms.select(call.room.id);
    this.draw();
  }

  async checkNetwork() {
    const { CheckView } = await import("./check_view.js");
    if (this.call.state !== "out" || this.check?.isBegun) return;
    if (!this.check) {
      this.check = new CheckView(this.words, this.call);
      this.under.append(this.check.element);
    }
    void this.check.start();
  }

  /** What the first look at the lobby need not wait for. */
  checkSoon() {
    clearTimeout(this.settled);
    this.settled = setTimeout(() => void this.checkNetwork(), SETTLED);
  }

  stop() {
    clearInterval(this.timer);
    clearTimeout(this.settled);
    this.check?.stop();
    this.level.stop();
    for (const stop of this.stops) stop();
    for (const { stop } of this.selects) stop();
  }

  enter() {
    this.error.hidden = true;
    clearTimeout(this.settled);
    this.check?.stop();
    if (this.rooms.selected) this.call.join(this.rooms.selected);
  }

  /**
   * @param {string} about
   * @param {string} message
   */
  refused(about, message) {
    if (about !== "join" && about !== "full" && about !== "rooms") return;
    write(this.error, message);
    this.error.hidden = false;
    if (!this.check?.isBegun) this.checkSoon(); // it was given up for who enters
  }

  draw() {
    const { devices, words } = this;
    this.level.listen(this.call.state === "out" || this.call.state === "joining" ? devices.tracks.audio : null);
    const [seen, heard] = [devices.sends("video"), devices.sends("audio")];
    const both = seen ? (heard ? "both" : "camera") : heard ? "voice" : "neither";
    this.checks.devices.show(words.say(`lobby.devices.${both}`), seen && heard);
    write(this.note, both === "both" ? words.say("lobby.note") : words.say(`lobby.note.${both}`));
    const problems = this.problemAlerts();
    // Drawn again, an alert is read out again, and its button is lost under the finger.
    if (problems.map(({ textContent }) => textContent).join("") !== this.problems.textContent)
      this.problems.replaceChildren(...problems);
    this.drawLine();
    this.drawHeard();
    this.drawButton();
  }

  problemAlerts() {
    const { devices, words } = this;
    const kinds = /** @type {const} */ (["video", "audio"]).filter(
      (kind) => devices.wanted[kind] && devices.problems[kind],
    );
    return kinds.map((kind) => {
      const label = `problem.${kind}.${devices.problems[kind]}`;
      return h(
        "div",
        { class: "td-alert", role: "alert" },
        icon("alert"),
        h("span", {}, h("b", {}, words.say(label)), h("span", {}, words.say(`${label}.help`))),
        h(
          "button",
          { type: "button", class: "td-btn", onclick: () => void devices.retry([kind]) },
          words.say("problem.retry"),
        ),
      );
    });
  }

  drawButton() {
    const joining = this.call.state === "joining" || this.call.state === "inside"; // the call is about to be drawn
    this.button.disabled = joining || !this.rooms.selected;
    const text = this.button.querySelector("span");
    if (text) write(text, this.words.say(joining ? "lobby.joining" : "lobby.join"));
  }

  /** Told from facts: the line of this page, and the keys that stand in the offer with which we will enter. */
  drawSecret() {
    if (this.call.state !== "out") return; // the offer is on its way
    const { media, page } = this.call.secrecy;
    const key = !media ? "lobby.encrypted.preparing" : page ? "lobby.encrypted" : "lobby.encrypted.media";
    this.checks.secret.show(this.words.say(key), media && page);
  }

  drawLine() {
    const { line } = this.call;
    this.drawSecret();
    if (!line.isOpen || line.delay === null)
      this.checks.line.show(
        this.words.say(line.isOpen || !this.call.wasOpen ? "lobby.line.opening" : "lobby.line.lost"),
        false,
      );
    else
      this.checks.line.show(
        this.words.say(line.delay > SLOW ? "lobby.line.slow" : "lobby.line.good", {
          ms: Math.max(1, Math.round(line.delay)),
        }),
        line.delay <= SLOW,
      );
  }

  drawHeard() {
    const now = performance.now();
    const off = !this.devices.sends("audio");
    if (off) this.since = now;
    const recent = now - this.heard < REMEMBERED;
    const mute = now - Math.max(this.heard, this.since) > SILENT;
    const open = recent ? "lobby.voice.heard" : "lobby.voice.speak";
    write(this.voice, this.words.say(off ? "lobby.voice.off" : mute ? "lobby.voice.silent" : open));
  }
}

function check() {
  const [yes, no, text] = [icon("check", 18), icon("info", 18), h("span")];
  const element = h("li", {}, yes, no, text);
  return {
    element,
    /**
     * @param {string} words
     * @param {boolean} good
     */
    show(words, good) {
      write(text, words);
      element.classList.toggle("td-good", good);
    },
  };
}
