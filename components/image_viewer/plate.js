// @ts-check
/**
 * The numbers of a frame as lights. A window is a table of 65 536 colours, filled here: no server, no evaluated script
 * between a slider and the picture.
 */

/** @typedef {{level: number, window: number, inverted: boolean}} Look in values, not in stored numbers */

export class Plate {
  /** @param {any} info what is shown, `ImageInfo.plain()` */
  constructor(info) {
    this.info = info;
    this.slope = info.slope || 1;
    this.intercept = info.intercept || 0;
    this.canvas = document.createElement("canvas");
    this.canvas.width = info.columns;
    this.canvas.height = info.rows;
    this.paper = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d", { alpha: false }));
    this.points = this.paper.createImageData(info.columns, info.rows);
    this.colours = new Uint32Array(this.points.data.buffer);
    this.table = new Uint32Array(65536);
  }

  /** The value that a stored number stands for. @param {number} number */
  value(number) {
    return number * this.slope + this.intercept;
  }

  /** How wide a stretch of stored numbers is, in values. @param {number} numbers */
  breadth(numbers) {
    return numbers * Math.abs(this.slope);
  }

  /** How light a value is, 0 to 255 (DICOM PS3.3 C.11.2.1.2, linear). @param {number} value @param {Look} look */
  light(value, look) {
    const share = look.window > 1 ? (value - (look.level - 0.5)) / (look.window - 1) + 0.5 : Number(value > look.level);
    const light = Math.round(Math.min(1, Math.max(0, share)) * 255);
    return Boolean(this.info.inverted) !== look.inverted ? 255 - light : light;
  }

  /** @param {Look} look */
  fillTable(look) {
    if (!this.info.is_color) {
      for (let i = 0; i < 65536; i++) {
        const light = this.light(this.value((i << 16) >> 16), look);
        this.table[i] = 0xff000000 | (light << 16) | (light << 8) | light;
      }
      return;
    }
    const lights = Uint32Array.from({ length: 256 }, (_nothing, light) => this.light(light, look));
    for (let i = 0; i < 65536; i++) {
      const { red, green, blue } = unpacked(i);
      this.table[i] = 0xff000000 | (lights[blue] << 16) | (lights[green] << 8) | lights[red];
    }
  }

  /** Draw a frame onto the plate. @param {Uint16Array} numbers @param {Look} look */
  develop(numbers, look) {
    this.fillTable(look);
    for (let i = 0; i < numbers.length; i++) this.colours[i] = this.table[numbers[i]];
    this.paper.putImageData(this.points, 0, 0);
  }

  /**
   * What a point of a frame holds: a value, or a colour's three parts; nothing outside of the picture.
   * @param {Uint16Array | undefined} numbers @param {{x: number, y: number} | null} at
   */
  under(numbers, at) {
    if (!numbers || !at) return null;
    const x = Math.floor(at.x), y = Math.floor(at.y);
    if (x < 0 || y < 0 || x >= this.info.columns || y >= this.info.rows) return null;
    const number = numbers[y * this.info.columns + x];
    return this.info.is_color ? { colour: unpacked(number) } : { value: this.value((number << 16) >> 16) };
  }
}

/** A colour of 5, 6 and 5 bits as three parts of 0 to 255. @param {number} packed */
function unpacked(packed) {
  return {
    red: (((packed >> 11) & 31) * 255 / 31) | 0,
    green: (((packed >> 5) & 63) * 255 / 63) | 0,
    blue: ((packed & 31) * 255 / 31) | 0,
  };
}
