/** Files on their way without a browser: `node sending_rig.mjs SCENARIO` prints the sentences told, as JSON. */
const { uploads } = await import("../../components/document_list/sending.js");

/** The request that the page made last. @type {any} */
let request;
globalThis.XMLHttpRequest = /** @type {any} */ (
  class {
    constructor() {
      this.upload = {};
      request = this;
    }
    open() {}
    send() {}
  }
);

/** A file that is being sent, and what the page says and shows of it. */
function sending() {
  /** @type {{text: string, failed: boolean, heard: boolean}[]} */
  const told = [];
  const labels = { lost: "lost {name}", cut: "cut {name}", checking: "checking {name}", sent: "sent", sending: "sending" };
  const list = uploads({
    labels,
    address: () => "/documents",
    limit: () => 3,
    changed() {},
    added() {},
    tell: (text, failed = false, heard = false) => told.push({ text, failed, heard }),
  });
  list.add(/** @type {any} */ ([{ name: "a.pdf", size: 10 }]));
  return { list, came: () => ({ last: told.at(-1), rows: list.rows().map((row) => row.state) }) };
}

/** @type {Record<string, () => any>} */
const scenarios = {
  cut_in_the_middle() {
    const { came } = sending();
    request.onerror();
    return came();
  },
  cut_after_the_last_byte() {
    const { came } = sending();
    request.upload.onload();
    request.onerror();
    return came();
  },
  not_answered_by_ours() {
    const { came } = sending();
    request.upload.onload();
    Object.assign(request, { status: 504, responseText: "<html>" });
    request.onload();
    return came();
  },
};
console.log(JSON.stringify(scenarios[process.argv[2]]()));
