/**
 * The faces. Each participant has one tile and one <video> from entering to leaving; style sheets move them, nothing
 * else does: a video that is moved in the document stops for a moment.
 */
import { bars, h, icon, set, setBars, write } from "./dom.js";
import { initials } from "./words.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./call.js").Call} Call */
/** @typedef {import("./devices.js").Devices} Devices */
/** @typedef {import("./measure.js").Measures} Measures */

export class Tile {
  /**
   * @param {Words} words
   * @param {boolean} own
   */
  constructor(words, own) {
    this.words = words;
    this.video = h("video", { class: "td-video", autoplay: true, playsinline: true, tabindex: -1 });
    this.video.muted = true;
    this.video.disablePictureInPicture = true;
    // Sound has an element of its own: a <video> waits for a first picture, which a voice without camera never sends.
    this.audio = own ? null : h("audio", { autoplay: true });
    this.face = h("span", { class: "td-face", "aria-hidden": "true" });
    this.veilText = h("span", { class: "td-veil-text" });
    this.veil = h("div", { class: "td-veil" }, this.face, this.veilText);
    this.level = bars();
    this.name = h("span", { class: "td-cap-name" });
    this.muted = h("span", { class: "td-tag td-tag-muted", role: "img", "aria-label": words.say("tile.muted") }, icon("mic-off", 16));
    this.tag = h("span", { class: "td-tag" });
    this.element = h("div", { class: own ? "td-tile td-own" : "td-tile" },
      this.video, this.audio, this.veil,
      h("div", { class: "td-tags" }, this.tag, this.muted),
      h("div", { class: "td-cap" }, this.level, this.name));
    this.setLevel(null);
    this.setMuted(false);
    this.setTag("");
  }

  /**
   * Play these tracks; an element that already plays its track is left alone.
   * @param {MediaStreamTrack[]} tracks
   * @param {() => void} silent when the browser waits for a gesture before it plays sound
   */
  play(tracks, silent) {
    for (const [element, kind] of /** @type {const} */ ([[this.video, "video"], [this.audio, "audio"]])) {
      if (!element) continue;
      const track = tracks.find((each) => each.kind === kind) ?? null;
      const playing = element.srcObject instanceof MediaStream ? element.srcObject.getTracks()[0] : null;
      if (track === playing) continue;
      element.srcObject = track ? new MediaStream([track]) : null;
      if (track) element.play().catch((error) => error.name === "NotAllowedError" && kind === "audio" && silent());
    }
  }

  stop() {
    this.video.srcObject = null;
    if (this.audio) this.audio.srcObject = null;
  }

  /**
   * @param {string} caption
   * @param {string} name whose initials stand there when there is no picture
   */
  setName(caption, name) {
    write(this.name, caption);
    write(this.face, initials(name));
    set(this.element, "aria-label", caption);
    set(this.element, "role", "group");
  }

  /**
   * @param {boolean} picture
   * @param {string} [instead] why there is none
   */
  setPicture(picture, instead = "") {
    this.element.classList.toggle("td-blank", !picture);
    write(this.veilText, picture ? "" : instead);
    this.veilText.hidden = picture || !instead;
  }

  /** @param {number | null} level 0..3, null: not shown */
  setLevel(level) {
    set(this.level, "hidden", level === null);
    if (level !== null) setBars(this.level, level, this.words.say(`quality.${level}.long`));
  }

  /** @param {boolean} muted */
  setMuted(muted) {
    this.muted.hidden = !muted;
  }

  /** @param {string} text */
  setTag(text) {
    write(this.tag, text);
    this.tag.hidden = !text;
  }

  /** @param {boolean} speaks */
  setVoice(speaks) {
    this.element.classList.toggle("td-talk", speaks);
  }
}

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
    this.own = new Tile(words, true);
    this.element = h("div", { class: "td-tiles", "data-count": 0 }, this.own.element);
    /** @type {Map<string, Tile>} */
    this.byId = new Map();
    /** @type {MediaStreamTrack | null} */
    this.track = null;
    this.stops = [
      call.on("people link state", () => this.draw()),
      devices.on("tracks", () => this.drawOwn()),
      devices.on("speaker list", () => this.route()),
    ];
    this.drawOwn();
  }

  stop() {
    for (const stop of this.stops) stop();
    for (const tile of [this.own, ...this.byId.values()]) tile.stop();
  }

  route() {
    for (const { audio } of this.byId.values()) if (audio) void this.devices.sound(audio);
  }

  drawOwn() {
    const track = this.devices.tracks.video;
    if (track !== this.track) {
      this.track = track;
      const facing = track?.getSettings().facingMode;
      this.own.element.classList.toggle("td-mirror", facing !== "environment");
      this.own.play(track ? [track] : [], () => undefined);
    }
    const problem = this.devices.wanted.video && this.devices.problems.video;
    this.own.setPicture(this.devices.sends("video"), problem ? this.words.say(`problem.video.${problem}`) : "");
    this.own.setMuted(!this.devices.sends("audio"));
  }

  draw() {
    const people = this.call.state === "inside" ? this.call.people : new Map();
    for (const [id, tile] of this.byId) if (!people.has(id)) this.drop(id, tile);
    for (const person of people.values()) this.drawPerson(person);
    set(this.element, "data-count", people.size);
    this.element.style.setProperty("--td-row", String(Math.max(1, people.size)));
  }

  /** @param {import("./call.js").Person} person */
  drawPerson(person) {
    let tile = this.byId.get(person.id);
    if (!tile) {
      tile = new Tile(this.words, false);
      this.byId.set(person.id, tile);
      this.element.insertBefore(tile.element, this.own.element);
      if (tile.audio) void this.devices.sound(tile.audio);
      this.measures.watch(tile.video);
    }
    const link = this.call.topology.links.get(person.id);
    tile.play(link?.remote.getTracks() ?? [], this.silent);
    const connected = link?.state === "connected";
    tile.setName(person.name, person.name);
    tile.setPicture(person.camera && connected, connected ? this.words.say("tile.no_camera") : this.words.say(link && !link.isAlive ? "tile.cut" : "tile.connecting"));
    tile.setMuted(!person.microphone);
    tile.setTag(person.role === "caregiver" || person.role === "patient" ? this.words.role(person.role) : "");
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

  /** Everything that the browser kept silent, after a gesture. */
  unmute() {
    for (const { audio } of this.byId.values()) void audio?.play().catch(() => undefined);
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
