/**
 * The panel « Capture d'écran »: whose picture, the picture with its resolution, and what becomes of it. The page that has
 * the camera is asked for its full resolution; when that takes too long, the picture that is shown here is taken.
 */
import { h, write } from "./dom.js";
import { keepForm } from "./keep_form.js";
import { send } from "./sending.js";
import { pictureOf, take } from "./still.js";

/** @typedef {import("./tools.js").Context} Context */
/** @typedef {{id: string, name: string, label: string, source: "camera" | "aux", video: HTMLVideoElement}} Subject */
/** @typedef {{blob: Blob, width: number, height: number, full: boolean, at: Date, id: string, url: string}} Picture */

/** ms: photographing and sending over a poor line. */
const PATIENCE = 15_000;

export class CaptureView {
  /**
   * @param {Context} context
   * @param {HTMLElement} element
   * @param {() => string} pictures address to which pictures of our own go
   */
  constructor(context, element, pictures) {
    this.context = context;
    this.pictures = pictures;
    this.key = "";
    /** @type {{subject: Subject, timer: ReturnType<typeof setTimeout>} | null} */
    this.waiting = null;
    this.preview = "";
    this.subjects = h("div", { class: "td-subjects" });
    this.said = h("p", { class: "td-small", role: "status" });
    this.result = h("div", { class: "td-captured" });
    element.replaceChildren(this.subjects, this.said, this.result);
    const { call } = context;
    this.stops = [
      call.on("people link", () => this.draw()),
      call.on("said:picture", (picture) => void this.arrived(picture)),
      call.on("problem", ({ about, key }) => about === "still" && key === this.key && void this.fallBack()),
    ];
  }

  stop() {
    for (const stop of this.stops) stop();
    clearTimeout(this.waiting?.timer);
    URL.revokeObjectURL(this.preview);
  }

  shown() {
    this.draw();
    const all = this.all();
    // One picture there is: no need to choose it.
    if (all.length === 1 && !this.result.firstChild && !this.waiting) void this.capture(all[0]);
    else this.subjects.querySelector("button")?.focus();
  }

  /** @returns {Subject[]} every picture of the others that is seen here */
  all() {
    const { call, tiles, words } = this.context;
    return [...call.people.values()].flatMap((person) => {
      const { id, name } = person;
      const [face, beside] = [tiles.byId.get(id), tiles.aux.byId.get(id)];
      /** @type {Subject[]} */
      const found = [];
      if (person.camera && face) found.push({ id, name, label: name, source: "camera", video: videoOf(face) });
      if (person.aux && beside) {
        const label = words.say(person.aux === "screen" ? "aux.screen" : "aux.camera", { name });
        found.push({ id, name, label, source: "aux", video: videoOf(beside) });
      }
      return found;
    });
  }

  draw() {
    const { words } = this.context;
    const all = this.all();
    const buttons = all.map((subject) =>
      h(
        "button",
        { type: "button", class: "td-btn", onclick: () => void this.capture(subject) },
        words.say("capture.take", { name: subject.label }),
      ),
    );
    const own = this.context.devices.tracks.video;
    if (own)
      buttons.push(
        h("button", { type: "button", class: "td-btn", onclick: () => void this.ownPicture(own) }, words.say("capture.own")),
      );
    const none = h("p", { class: "td-small" }, words.say("capture.none"));
    const named = buttons.map(({ textContent }) => textContent).join("|");
    if (this.subjects.dataset["named"] === named) return;
    this.subjects.dataset["named"] = named;
    this.subjects.replaceChildren(...(buttons.length ? buttons : [none]));
  }

  /** @param {Subject} subject */
  capture(subject) {
    const { words, call } = this.context;
    if (this.waiting) return;
    this.key = newKey();
    this.waiting = { subject, timer: setTimeout(() => void this.fallBack(), PATIENCE) };
    write(this.said, words.say("capture.asking", { name: subject.name }));
    if (!call.line.send({ t: "still", person: subject.id, source: subject.source, key: this.key })) void this.fallBack();
  }

  /** @param {{key: string, id: string, url: string, width: number, height: number, full: boolean}} told */
  async arrived({ key, id, url, width, height, full }) {
    if (!this.waiting || key !== this.key) return;
    const answer = await fetch(url, { credentials: "same-origin" }).catch(() => null);
    if (!answer?.ok) return this.fallBack();
    const blob = await answer.blob();
    this.show({ blob, width, height, full, at: new Date(), id, url });
  }

  /** The picture as it is shown here: smaller, but there. */
  async fallBack() {
    const { waiting } = this;
    if (!waiting) return;
    const { video } = waiting.subject;
    try {
      const { videoWidth: width, videoHeight: height } = video;
      const blob = await pictureOf(video, width, height);
      this.show({ blob, width, height, full: false, at: new Date(), id: "", url: "" });
    } catch {
      clearTimeout(waiting.timer);
      this.waiting = null;
      write(this.said, this.context.words.say("capture.failed"));
    }
  }

  /** @param {MediaStreamTrack} track of our own camera */
  async ownPicture(track) {
    const { words } = this.context;
    write(this.said, words.say("capture.taking"));
    try {
      const { picture: blob, full } = await take(track);
      const bitmap = await createImageBitmap(blob);
      const { width, height } = bitmap;
      bitmap.close();
      this.show({ blob, width, height, full, at: new Date(), id: "", url: "" });
    } catch {
      write(this.said, words.say("capture.failed"));
    }
  }

  /** @param {Picture} picture */
  show(picture) {
    const { words, call } = this.context;
    clearTimeout(this.waiting?.timer);
    this.waiting = null;
    this.key = "";
    URL.revokeObjectURL(this.preview);
    this.preview = URL.createObjectURL(picture.blob);
    const { width, height } = picture;
    write(this.said, words.say(picture.full ? "capture.full" : "capture.shown", { width, height }));
    const name = words.say("capture.file", { date: stamp(picture.at) });
    const download = `${name}.${picture.blob.type === "image/png" ? "png" : "jpg"}`;
    const keepHere = () => h("a", { href: this.preview, download }).click();
    const save = h("button", { type: "button", class: "td-btn", onclick: keepHere }, words.say("capture.save"));
    const point = async () => {
      try {
        await this.bring(picture);
        call.line.send({ t: "show", picture: picture.id });
      } catch (refusal) {
        write(this.said, refusal.message || words.say("capture.broken"));
      }
    };
    const pointing = h("button", { type: "button", class: "td-btn", onclick: () => void point() }, words.say("bar.point"));
    this.result.replaceChildren(
      h("img", { src: this.preview, alt: words.say("capture.alt"), width, height }),
      h("div", { class: "td-row" }, save, pointing),
      keepForm(words, async (legende, site) => {
        await this.bring(picture);
        await send("POST", `${picture.url}/dossier`, JSON.stringify({ legende, site }));
      }),
    );
  }

  /** @param {Picture} picture one that was taken here goes to the server first */
  async bring(picture) {
    if (picture.id) return;
    const { id, url } = await send("PUT", this.pictures(), picture.blob);
    Object.assign(picture, { id, url });
  }
}

/** @param {import("./tile.js").Tile} tile */
function videoOf(tile) {
  return /** @type {HTMLVideoElement} */ (tile.video.element);
}

/** @param {Date} at as it may stand in a file's name */
function stamp(at) {
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}h${two(at.getMinutes())}`;
}

function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
