/**
 * A picture at the full resolution of our camera, asked for by a professional: the person sees a notice, the picture goes
 * to the server. A stream is smaller than what the camera can give, so a photograph is asked of the device
 * (`ImageCapture.takePhoto`), else the stream is made as large as the camera can for a moment. Everything has its time.
 */
import { h } from "./dom.js";
import { send } from "./sending.js";

/** @typedef {import("./tool_receive.js").Around} Around */

const NOTICE = 6000;
/** ms: a telephone focuses and may light before it takes a photograph. */
const PHOTO = 4000;
const LARGER = 5000;
const UPLOAD = 30_000;
const QUALITY = 0.92;

/**
 * @param {Around} around
 * @param {{id: string, from: string, source: "camera" | "aux", url: string}} asked
 */
export async function answer({ words, call, devices, aux, notes }, { id, from, source, url }) {
  const track = source === "aux" ? aux.tracks["aux-video"] : devices.tracks.video;
  notes.show("still", { title: words.say("still.asked", { name: from }), icon: "capture" }, NOTICE);
  try {
    if (!track || track.readyState !== "live") throw new Error("off");
    const { picture, full } = await take(track, source === "aux" && aux.picture === "screen");
    await send("PUT", full ? `${url}?plein=1` : url, picture, undefined, UPLOAD);
  } catch {
    call.line.send({ t: "nostill", id });
  }
}

/**
 * The best picture that this track can give now; `full`: it has everything that the device says it can.
 * @param {MediaStreamTrack} track
 * @param {boolean} [screen] it has one size only
 * @returns {Promise<{picture: Blob, full: boolean}>}
 */
export async function take(track, screen = false) {
  if (screen) return { picture: await drawn(track), full: true };
  const most = /** @type {any} */ (track).getCapabilities?.().width?.max ?? 0;
  const photo = await within(PHOTO, photograph(track)).catch(() => null);
  if (photo && photo.width >= most) return { picture: photo.blob, full: true };
  // Some devices photograph smaller than they film.
  const larger = await enlarged(track, most).catch(() => null);
  if (larger && (!photo || larger.width > photo.width)) return { picture: larger.blob, full: larger.width >= most };
  if (photo) return { picture: photo.blob, full: false };
  return { picture: await drawn(track), full: false };
}

/**
 * @param {MediaStreamTrack} track
 * @returns {Promise<{blob: Blob, width: number} | null>}
 */
async function photograph(track) {
  const Capture = /** @type {any} */ (globalThis).ImageCapture;
  if (!Capture) return null;
  const capture = new Capture(track);
  const able = await capture.getPhotoCapabilities().catch(() => null);
  const size = able?.imageWidth?.max && { imageWidth: able.imageWidth.max, imageHeight: able.imageHeight.max };
  /** @type {Blob} */
  const blob = await capture.takePhoto(size || {});
  const width = await widthOf(blob);
  const good = width >= (track.getSettings().width ?? 0) && /^image\/(jpeg|png)$/.test(blob.type);
  return good ? { blob, width } : null;
}

/**
 * The stream as large as the camera can, for one picture.
 * @param {MediaStreamTrack} track
 * @param {number} most of its width
 * @returns {Promise<{blob: Blob, width: number}>}
 */
async function enlarged(track, most) {
  const before = track.getConstraints();
  const height = /** @type {any} */ (track).getCapabilities?.().height?.max;
  const now = track.getSettings().width ?? 0;
  if (!most || now >= most) {
    const blob = await drawn(track);
    return { blob, width: await widthOf(blob) };
  }
  try {
    await within(LARGER, track.applyConstraints({ width: { ideal: most }, height: { ideal: height } }));
    const blob = await drawn(track, now);
    return { blob, width: await widthOf(blob) };
  } finally {
    await track.applyConstraints(before).catch(() => undefined);
  }
}

/** @param {Blob} blob */
async function widthOf(blob) {
  const bitmap = await createImageBitmap(blob);
  const { width } = bitmap;
  bitmap.close();
  return width;
}

/**
 * @param {MediaStreamTrack} track
 * @param {number} [unlike] a width that is not wanted any more
 */
async function drawn(track, unlike = 0) {
  const video = h("video", { playsinline: true });
  video.muted = true;
  video.srcObject = new MediaStream([track]);
  try {
    await within(LARGER, video.play());
    const end = performance.now() + LARGER;
    while ((!video.videoWidth || video.videoWidth === unlike) && performance.now() < end)
      await new Promise((next) => setTimeout(next, 50));
    return await pictureOf(video, video.videoWidth, video.videoHeight);
  } finally {
    video.srcObject = null;
  }
}

/**
 * @param {CanvasImageSource} source
 * @param {number} width
 * @param {number} height
 * @returns {Promise<Blob>}
 */
export function pictureOf(source, width, height) {
  const canvas = h("canvas", { width, height });
  canvas.getContext("2d")?.drawImage(source, 0, 0, width, height);
  return new Promise((done, failed) =>
    canvas.toBlob((blob) => (blob && width ? done(blob) : failed(new Error("empty"))), "image/jpeg", QUALITY),
  );
}

/**
 * @template T
 * @param {number} ms
 * @param {Promise<T>} work
 * @returns {Promise<T>}
 */
function within(ms, work) {
  return Promise.race([
    work,
    new Promise((_, failed) => setTimeout(() => failed(new Error("late")), ms)),
  ]);
}
