/**
 * Our own camera, microphone and loudspeaker: choosing, losing and getting them back.
 *
 * A missing, taken or refused device never keeps anybody out: one enters with the voice alone, or with neither. A chosen
 * device that is gone falls back to the machine's default one. Emits `tracks` {kind}, `list`, `speaker`, `interrupted` {kind},
 * and `replaced` {kind, name}: the one in use was lost, and another one took over.
 */
import { Emitter } from "./emitter.js";

/** @typedef {import("./sources.js").Kind} Kind */
/** @typedef {"missing" | "taken" | "refused"} Problem */
/** @typedef {{id: string, name: string}} Choice */

/** The choice « without camera » or « without microphone ». */
export const OFF = "off";
/** The choice of a loudspeaker that this browser lists only when it is asked for (Firefox). */
export const ELSE = "else";
const STORE = "td-devices";
/** A phone call mutes the microphone for a while; longer than this we ask to begin again. */
const MUTED_TOO_LONG = 3000;
const INPUT = { audio: "audioinput", video: "videoinput" };

/** @type {Readonly<Record<Kind, MediaTrackConstraints>>} */
const WANTED = {
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  video: { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } },
};

/**
 * @param {unknown} error of getUserMedia
 * @returns {Problem}
 */
export function problemOf(error) {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "refused";
  return name === "NotReadableError" || name === "AbortError" ? "taken" : "missing";
}

export class Devices extends Emitter {
  constructor() {
    super();
    /** @type {Record<Kind, MediaStreamTrack | null>} */
    this.tracks = { audio: null, video: null };
    /** @type {Record<Kind, Problem | null>} */
    this.problems = { audio: null, video: null };
    /** What the person wants to send. @type {Record<Kind, boolean>} */
    this.wanted = { audio: true, video: true };
    /** @type {Record<Kind | "speaker", string>} */
    this.chosen = { audio: "", video: "", speaker: "", ...stored() };
    for (const kind of /** @type {Kind[]} */ (["audio", "video"])) {
      if (this.chosen[kind] === OFF) [this.wanted[kind], this.chosen[kind]] = [false, ""];
    }
    /** @type {MediaDeviceInfo[]} */
    this.all = [];
    /** Which side of a telephone looks, once one was asked for. @type {"user" | "environment" | ""} */
    this.facing = "";
    this.closed = false;
    this.onDevices = () => void this.changed();
    this.onVisible = () => this.woken();
  }

  /** Ask for both at once: one question for the person. */
  async open() {
    this.closed = false;
    navigator.mediaDevices?.addEventListener("devicechange", this.onDevices);
    document.addEventListener("visibilitychange", this.onVisible);
    const kinds = /** @type {Kind[]} */ (["audio", "video"]).filter((kind) => this.wanted[kind]);
    await this.capture(kinds);
    await this.refresh();
  }

  close() {
    this.closed = true;
    navigator.mediaDevices?.removeEventListener("devicechange", this.onDevices);
    document.removeEventListener("visibilitychange", this.onVisible);
    this.drop("audio");
    this.drop("video");
  }

  /**
   * @param {Kind} kind
   * @returns {boolean} somebody could hear or see us
   */
  sends(kind) {
    return this.wanted[kind] && this.tracks[kind] !== null;
  }

  /**
   * Open or close the camera or the microphone. A closed camera is really off: its light goes out.
   * @param {Kind} kind
   * @param {boolean} on
   */
  async turn(kind, on) {
    this.wanted[kind] = on;
    const track = this.tracks[kind];
    if (on && !track) await this.capture([kind]);
    else if (!on && kind === "video") this.drop("video");
    else if (track) track.enabled = on;
    this.emit("tracks", kind);
  }

  /**
   * @param {Kind} kind
   * @param {string} id a device, `""` for the default one, `OFF` for none
   */
  async choose(kind, id) {
    if (kind === "video") this.facing = "";
    this.chosen[kind] = id;
    store(this.chosen);
    if (id === OFF) {
      this.chosen[kind] = "";
      this.problems[kind] = null;
      await this.turn(kind, false);
      this.drop(kind);
      return;
    }
    this.wanted[kind] = true;
    await this.capture([kind]);
  }

  /** @returns {boolean} a page may choose the loudspeaker */
  get routesSound() {
    return "setSinkId" in HTMLMediaElement.prototype;
  }

  /** @returns {boolean} there may be loudspeakers that are only listed when they are asked for */
  get hasMoreSpeakers() {
    return this.routesSound && "selectAudioOutput" in (navigator.mediaDevices ?? {});
  }

  /** @param {string} id of the loudspeaker, `ELSE` to let the browser ask */
  async chooseSpeaker(id) {
    if (id === ELSE) {
      const media = /** @type {any} */ (navigator.mediaDevices);
      const found = await media.selectAudioOutput().catch(() => null);
      if (!found) return this.emit("speaker");
      id = found.deviceId;
      await this.refresh();
    }
    this.chosen.speaker = id;
    store(this.chosen);
    return this.emit("speaker");
  }

  /**
   * Play through the chosen loudspeaker where the browser lets us; elsewhere the system decides.
   * @param {HTMLMediaElement} element
   */
  async sound(element) {
    if (!("setSinkId" in element)) return;
    const known = this.all.some(({ kind, deviceId }) => kind === "audiooutput" && deviceId === this.chosen.speaker);
    await element.setSinkId(known ? this.chosen.speaker : "").catch(() => undefined);
  }

  /**
   * @param {Kind | "speaker"} kind
   * @returns {Choice[]} without the browser's own doubles of the default device
   */
  list(kind) {
    const wanted = kind === "speaker" ? "audiooutput" : INPUT[kind];
    return this.all
      .filter(
        (device) =>
          device.kind === wanted && device.deviceId && !["default", "communications"].includes(device.deviceId),
      )
      .map(({ deviceId, label }) => ({ id: deviceId, name: label.replace(/\s*\([0-9a-f]{4}:[0-9a-f]{4}\)$/i, "") }));
  }

  /** @param {Kind} kind the device in use */
  current(kind) {
    const settings = this.tracks[kind]?.getSettings() ?? {};
    const ids = this.list(kind).map(({ id }) => id);
    if (settings.deviceId && ids.includes(settings.deviceId)) return settings.deviceId;
    const twin = this.all.find(
      (each) => each.kind === INPUT[kind] && each.groupId === settings.groupId && ids.includes(each.deviceId),
    );
    return twin?.deviceId ?? ids[0] ?? "";
  }

  /**
   * Try again after a refusal, or « Reprendre » after an interruption.
   * @param {Kind[]} [kinds]
   */
  async retry(kinds = ["audio", "video"]) {
    await this.capture(kinds.filter((kind) => this.wanted[kind]));
    await this.refresh();
  }

  /** @param {Kind[]} kinds */
  async capture(kinds) {
    if (!kinds.length) return;
    for (const kind of kinds) this.release(kind);
    try {
      this.take(await this.ask(kinds), kinds);
    } catch (error) {
      if (kinds.length === 1) this.fail(kinds[0], error);
      else for (const kind of kinds) await this.capture([kind]);
    }
  }

  /**
   * @param {Kind[]} kinds
   * @returns {Promise<MediaStream>}
   */
  async ask(kinds) {
    if (!navigator.mediaDevices?.getUserMedia) throw new DOMException("", "NotFoundError");
    /** @param {boolean} exact */
    const wishes = (exact) =>
      Object.fromEntries(
        kinds.map((kind) => {
          const id = exact && this.chosen[kind];
          const side = kind === "video" && this.facing && { facingMode: this.facing };
          return [kind, { ...WANTED[kind], ...(id && { deviceId: { exact: id } }), ...side }];
        }),
      );
    try {
      return await navigator.mediaDevices.getUserMedia(wishes(true));
    } catch (error) {
      if (problemOf(error) === "refused" || !kinds.some((kind) => this.chosen[kind])) throw error;
      return navigator.mediaDevices.getUserMedia(wishes(false));
    }
  }

  /**
   * @param {MediaStream} stream
   * @param {Kind[]} kinds
   */
  take(stream, kinds) {
    for (const track of stream.getTracks()) {
      const kind = /** @type {Kind} */ (track.kind);
      if (this.closed || !kinds.includes(kind)) {
        track.stop();
        continue;
      }
      this.release(kind);
      track.enabled = this.wanted[kind];
      track.onended = () => void this.ended(kind, track);
      track.onmute = () => setTimeout(() => track.muted && this.interrupted(kind, track), MUTED_TOO_LONG);
      track.onunmute = () => this.emit("tracks", kind);
      this.tracks[kind] = track;
      this.problems[kind] = null;
      this.emit("tracks", kind);
    }
  }

  /**
   * @param {Kind} kind
   * @param {unknown} error
   */
  fail(kind, error) {
    this.problems[kind] = problemOf(error);
    this.tracks[kind] = null;
    this.emit("tracks", kind);
  }

  /** @param {Kind} kind stop it without a word */
  release(kind) {
    const track = this.tracks[kind];
    if (!track) return;
    track.onended = track.onmute = track.onunmute = null;
    track.stop();
    this.tracks[kind] = null;
  }

  /** @param {Kind} kind */
  drop(kind) {
    this.release(kind);
    this.emit("tracks", kind);
  }

  /**
   * The device was pulled out: the default one takes over, and when there is none the person is asked.
   * @param {Kind} kind
   * @param {MediaStreamTrack} track
   */
  async ended(kind, track) {
    if (this.tracks[kind] !== track || this.closed) return;
    await this.replace(kind);
    await this.refresh();
    if (!this.tracks[kind]) this.emit("interrupted", kind);
  }

  /** @param {Kind} kind lost: the next best takes over, and the person hears which */
  async replace(kind) {
    await this.capture([kind]);
    const track = this.tracks[kind];
    if (track) this.emit("replaced", { kind, name: track.label });
  }

  /**
   * @param {Kind} kind
   * @param {MediaStreamTrack} track
   */
  interrupted(kind, track) {
    if (this.tracks[kind] === track && !this.closed) this.emit("interrupted", kind);
  }

  /** Back from the background: an iPhone has silenced what it took away for a telephone call. */
  woken() {
    if (document.hidden) return;
    for (const kind of /** @type {Kind[]} */ (["audio", "video"])) {
      const track = this.tracks[kind];
      if (track && this.wanted[kind] && (track.muted || track.readyState === "ended")) this.interrupted(kind, track);
    }
  }

  async changed() {
    await this.refresh();
    for (const kind of /** @type {Kind[]} */ (["audio", "video"])) {
      const id = this.tracks[kind]?.getSettings().deviceId;
      const lost = id && !this.all.some((device) => device.deviceId === id);
      const found = this.wanted[kind] && this.problems[kind] === "missing" && this.list(kind).length > 0;
      if (lost) await this.replace(kind);
      else if (found) await this.capture([kind]);
    }
  }

  async refresh() {
    this.all = (await navigator.mediaDevices?.enumerateDevices?.().catch(() => [])) ?? [];
    this.emit("list");
  }
}

/** @returns {Partial<Record<Kind | "speaker", string>>} */
function stored() {
  try {
    return JSON.parse(localStorage.getItem(STORE) ?? "{}");
  } catch {
    return {};
  }
}

/** @param {Record<string, string>} chosen */
function store(chosen) {
  try {
    localStorage.setItem(STORE, JSON.stringify(chosen));
  } catch {
    // A browser that remembers nothing asks again next time.
  }
}
