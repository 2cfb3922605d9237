// @ts-check
/** A picture drawn from tiles: those in view at the resolution of the screen, up to every point that was taken. */

import { Line } from "../_shared/line.js";

const TILE = 512; // as on the server
const MOST_LEVELS = 8;
const KEPT = 96; // tiles, about 1 MB each once decoded
const AT_ONCE = 4; // requests: the server gives one person six turns
const BASE_STEP = 190; // the widths the server draws
const WIDEST_BASE = 1520;
const ATTEMPTS = 3;

/** The level whose points are just fine enough. @param {number} magnification dots of the screen for a point */
export function levelFor(magnification) {
  return Math.min(MOST_LEVELS - 1, Math.max(0, Math.floor(Math.log2(1 / magnification) + 0.01)));
}

/**
 * Columns and rows of the tiles that a part of the picture lies in, nearest to its middle first.
 * @param {number} width @param {number} height @param {number} level @param {number[]} part left, top, right, bottom
 * @returns {[number, number][]}
 */
export function tilesOver(width, height, level, [left, top, right, bottom]) {
  const side = TILE * 2 ** level;
  const columns = Math.ceil(Math.ceil(width / 2 ** level) / TILE);
  const rows = Math.ceil(Math.ceil(height / 2 ** level) / TILE);
  /** @type {[number, number][]} */
  const found = [];
  for (let row = Math.floor(top / side); row <= Math.min(rows - 1, Math.floor(bottom / side)); row++) {
    for (let column = Math.floor(left / side); column <= Math.min(columns - 1, Math.floor(right / side)); column++) {
      found.push([column, row]);
    }
  }
  const away = (/** @type {[number, number]} */ [column, row]) =>
    Math.hypot((column + 0.5) * side - (left + right) / 2, (row + 0.5) * side - (top + bottom) / 2);
  return found.sort((a, b) => away(a) - away(b));
}

/** @typedef {{level: number, column: number, row: number, image: ImageBitmap | null, stop: AbortController, failed: number}} Tile */

export class Tiles {
  /**
   * @param {import("./sources.js").Source} source @param {import("./sources.js").Picture} picture
   * @param {{drawn: () => void, failed: (error: any) => void}} told
   */
  constructor(source, picture, told) {
    this.source = source;
    this.picture = picture;
    this.told = told;
    this.line = new Line(AT_ONCE);
    this.leaving = new AbortController();
    /** @type {Map<string, Tile>} */
    this.tiles = new Map();
    /** @type {ImageBitmap | null} */
    this.base = null;
  }

  /** The whole picture first, about as wide as it is shown. @param {number} dots */
  async open(dots) {
    const wanted = Math.min(WIDEST_BASE, this.picture.width, Math.max(BASE_STEP, dots));
    try {
      const blob = await this.source.whole(this.picture, Math.ceil(wanted / BASE_STEP) * BASE_STEP, this.leaving.signal);
      this.base = await createImageBitmap(blob);
      this.told.drawn();
    } catch (error) {
      if (!this.leaving.signal.aborted) this.told.failed(error);
    }
  }

  /** @param {CanvasRenderingContext2D} pencil @param {import("./camera.js").Camera} camera */
  draw(pencil, camera) {
    const { width, height } = this.picture;
    const { dots, scale } = camera;
    pencil.setTransform(1, 0, 0, 1, 0, 0);
    pencil.clearRect(0, 0, pencil.canvas.width, pencil.canvas.height);
    pencil.translate((camera.across / 2) * dots, (camera.down / 2) * dots);
    pencil.rotate((camera.turn * Math.PI) / 2);
    pencil.scale(scale * dots, scale * dots);
    pencil.translate(-camera.x, -camera.y);
    pencil.imageSmoothingEnabled = camera.magnification < 3; // nearer, each point is to be seen as it is
    pencil.imageSmoothingQuality = "high";
    if (!this.base) return;
    pencil.drawImage(this.base, 0, 0, width, height);
    const level = levelFor(camera.magnification);
    if (this.base.width >= width * camera.magnification) this.want([], level);
    else this.want(tilesOver(width, height, level, camera.seen), level);
    const there = [...this.tiles.values()].filter((tile) => tile.image).sort((a, b) => b.level - a.level);
    for (const tile of there) this.drawTile(pencil, tile);
  }

  /** @param {CanvasRenderingContext2D} pencil @param {Tile} tile */
  drawTile(pencil, tile) {
    const image = /** @type {ImageBitmap} */ (tile.image);
    const size = 2 ** tile.level;
    const left = tile.column * TILE * size;
    const top = tile.row * TILE * size;
    const right = Math.min(this.picture.width, left + image.width * size);
    const bottom = Math.min(this.picture.height, top + image.height * size);
    pencil.drawImage(image, left, top, right - left, bottom - top);
  }

  /** Ask for what is missing, and let go of what is no longer in view. @param {[number, number][]} places @param {number} level */
  want(places, level) {
    const names = new Set(places.map(([column, row]) => `${level}/${column}-${row}`));
    for (const [name, tile] of this.tiles) {
      if (names.has(name) || tile.image) continue;
      tile.stop.abort();
      this.tiles.delete(name);
    }
    places.forEach(([column, row], rank) => {
      const name = `${level}/${column}-${row}`;
      const known = this.tiles.get(name);
      if (known) this.tiles.delete(name); // to the end: it was seen last
      this.tiles.set(name, known ?? { level, column, row, image: null, stop: new AbortController(), failed: 0 });
      if (!known) this.fetch(name, rank);
    });
    for (const [name, tile] of this.tiles) {
      if (this.tiles.size <= KEPT) break;
      if (names.has(name)) continue;
      tile.image?.close();
      this.tiles.delete(name);
    }
  }

  /** @param {string} name @param {number} rank */
  async fetch(name, rank) {
    const tile = /** @type {Tile} */ (this.tiles.get(name));
    const { level, column, row } = tile;
    const { signal } = tile.stop;
    try {
      const work = () => this.source.tile(this.picture, level, column, row, signal);
      const image = await createImageBitmap(await this.line.add(work, rank, signal));
      if (this.tiles.get(name) !== tile) return image.close();
      tile.image = image;
      this.told.drawn();
    } catch (error) {
      if (signal.aborted || this.leaving.signal.aborted) return;
      tile.failed += 1;
      if (tile.failed < ATTEMPTS) setTimeout(() => this.tiles.get(name) === tile && this.fetch(name, rank), 500 * 2 ** tile.failed);
      else this.told.failed(error);
    }
  }

  /** Whether all that is in view is as sharp as it can be. */
  get sharp() {
    return this.base !== null && [...this.tiles.values()].every((tile) => tile.image);
  }

  close() {
    this.leaving.abort();
    for (const tile of this.tiles.values()) {
      tile.stop.abort();
      tile.image?.close();
    }
    this.tiles.clear();
    this.base?.close();
    this.base = null;
  }
}
