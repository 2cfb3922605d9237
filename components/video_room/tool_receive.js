/**
 * What the server brings to a page beside faces, words and people: documents handed to us, pictures asked of our camera,
 * what is shown to the room. Each is fetched when the first of its kind comes; here is only who listens, for the page of
 * an invited person too.
 */

/**
 * What both pages have of the call.
 * @typedef {object} Around
 * @property {import("./words.js").Words} words
 * @property {import("./call.js").Call} call
 * @property {import("./devices.js").Devices} devices
 * @property {import("./tiles.js").Tiles} tiles
 * @property {import("./aux.js").Aux} aux
 * @property {import("./notes.js").Notes} notes
 */

export class Arrivals {
  /** @param {Around} around */
  constructor(around) {
    /** @type {Promise<import("./guest_files.js").Received> | null} */
    this.files = null;
    /** @type {Promise<import("./pointer_view.js").PointerView> | null} */
    this.shown = null;
    this.around = around;
    /** Address to which drawings go that are kept. */
    this.pictures = "";
    const { call } = around;
    this.stops = [
      call.on("said:file", (file) => void this.take([file])),
      call.on("said:joined", (message) => {
        this.pictures = message.pictures ?? "";
        if (message.files?.length) void this.take(message.files);
        void this.show(message.shown ?? null);
      }),
      call.on("said:shown", ({ shown }) => void this.show(shown)),
      call.on("said:still", async (asked) => (await import("./still.js")).answer(around, asked)),
      call.on("state", () => call.state !== "inside" && call.state !== "joining" && void this.show(null)),
    ];
  }

  stop() {
    for (const stop of this.stops) stop();
    void this.shown?.then((shown) => shown.stop());
    void this.files?.then((files) => files.stop());
  }

  /** Documents that were handed to us. */
  received() {
    this.files ??= patiently(() => import("./guest_files.js")).then(({ Received }) => new Received(this.around));
    return this.files;
  }

  /** @param {import("./guest_files.js").Handed[]} files */
  async take(files) {
    (await this.received()).take(files);
  }

  /** @param {import("./pointer_view.js").Thing | null} thing shown to everybody in the room from now on */
  async show(thing) {
    if (thing)
      this.shown ??= patiently(() => import("./pointer_view.js")).then(({ PointerView }) => new PointerView(this.around));
    (await this.shown)?.show(thing, this.pictures);
  }
}

/**
 * A module, fetched again every two seconds until it comes: what was handed over while the network changed must not be
 * lost with it.
 * @template T
 * @param {() => Promise<T>} fetched
 * @returns {Promise<T>}
 */
const patiently = (fetched) =>
  fetched().catch(() => new Promise((done) => setTimeout(() => done(patiently(fetched)), 2000)));
