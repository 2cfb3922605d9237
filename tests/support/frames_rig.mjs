/** Frames of an image without a browser: `node frames_rig.mjs SCENARIO` prints what the viewer was told, as JSON. */
globalThis.window = /** @type {any} */ (globalThis);
const { Cine, Frames } = await import("../../components/image_viewer/frames.js");

const info = { frames: 40, rows: 1, columns: 2 };
const after = (/** @type {number} */ ms) => new Promise((done) => setTimeout(done, ms));

/** @type {{frame: number, come: () => void, fail: () => void}[]} requests that no answer has come to */
const asked = [];
globalThis.fetch = /** @type {any} */ (
  (/** @type {string} */ address, /** @type {{signal: AbortSignal}} */ { signal }) =>
    new Promise((done, failed) => {
      const frame = Number(address.split("/").pop());
      const answer = { ok: true, arrayBuffer: async () => new ArrayBuffer(info.rows * info.columns * 2) };
      asked.push({ frame, come: () => done(answer), fail: () => failed(new Error("line")) });
      signal.addEventListener("abort", () => failed(signal.reason));
    })
);
const answered = (/** @type {number} */ frame) => asked.find((one) => one.frame === frame);

/** @param {number} first */
function viewer(first) {
  /** @type {string[]} */
  const told = [];
  const frames = new Frames({ info, source: "/coupes", on() {} }, first, {
    shown: () => told.push(`shown ${frames.shown}`),
    late: (frame) => told.push(`late ${frame}`),
    failed: (frame) => told.push(`failed ${frame}`),
  });
  frames.show(first);
  return { frames, told };
}

/** A viewer on frame 0, whose clock asks for frame 1 on a slow line. */
async function playing() {
  const { frames, told } = viewer(0);
  answered(0)?.come();
  await after(10);
  asked.length = 0;
  const cine = new Cine(frames, 100, () => {});
  cine.toggle();
  await after(50);
  return { frames, told, cine };
}

/** @type {Record<string, () => Promise<any>>} */
const scenarios = {
  async failed_soon() {
    const { told } = viewer(30);
    answered(30)?.fail();
    await after(400);
    return told;
  },
  async slow() {
    const { told } = viewer(30);
    await after(400);
    answered(30)?.come();
    await after(10);
    return told;
  },
  async shown_by_a_neighbour_then_failed() {
    const { frames, told } = viewer(30);
    frames.keep(30, new ArrayBuffer(4));
    answered(30)?.fail();
    await after(400);
    return told;
  },
  async stopped_before_it_came() {
    const { frames, told, cine } = await playing();
    const before = frames.wanted;
    cine.toggle();
    frames.keep(1, new ArrayBuffer(4)); // it was on its way
    await after(400);
    return { before, told, wanted: frames.wanted, shown: frames.shown };
  },
  async failed_while_playing() {
    const { frames, told, cine } = await playing();
    asked.filter(({ frame }) => frame === 1).forEach(({ fail }) => fail());
    await after(10);
    cine.stop(); // as the viewer does
    return { told, wanted: frames.wanted };
  },
  async stopped_before_the_first_came() {
    const { frames, told } = viewer(0);
    const cine = new Cine(frames, 100, () => {});
    cine.toggle();
    cine.toggle();
    answered(0)?.come();
    await after(10);
    return told;
  },
};
console.log(JSON.stringify(await scenarios[process.argv[2]]()));
process.exit(0);
