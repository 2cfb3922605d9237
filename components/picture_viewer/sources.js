// @ts-check
/**
 * Where pictures come from: their routes, or the component's channel where there are none (a notebook).
 *
 * @typedef {object} Picture
 * @property {string} id @property {string} source address under which its routes are; empty in a notebook
 * @property {string} title @property {string} date @property {string} caption @property {string} at to be sorted by
 * @property {number} width @property {number} height in points
 *
 * @typedef {object} Source
 * @property {(picture: Picture, width: number, signal: AbortSignal) => Promise<Blob>} whole
 * @property {(picture: Picture, level: number, column: number, row: number, signal: AbortSignal) => Promise<Blob>} tile
 * @property {() => void} close
 */

import { asking, Refusal } from "../_shared/asking.js";

/** @param {any} model @returns {Source} */
export function sourceOf(model) {
  const channel = asking(model);
  return {
    whole: (picture, width, signal) =>
      picture.source
        ? fetched(`${picture.source}/image?l=${width}`, signal)
        : channel.ask("whole", { picture: picture.id, width }).then((bytes) => new Blob([bytes])),
    tile: (picture, level, column, row, signal) =>
      picture.source
        ? fetched(`${picture.source}/tuiles/${level}/${column}-${row}.webp`, signal)
        : channel.ask("tile", { picture: picture.id, level, column, row }).then((bytes) => new Blob([bytes])),
    close: channel.close,
  };
}

/** @param {string} address @param {AbortSignal} signal */
async function fetched(address, signal) {
  const answer = await fetch(address, { signal, headers: { Accept: "image/webp, application/json" } });
  if (answer.ok) return answer.blob();
  const told = await answer.json().catch(() => ({}));
  throw told.message ? new Refusal(told.message) : new Error(String(answer.status));
}
