/** What was written in the room, and who came and went meanwhile. A message is lost neither by an outage nor twice said. */

/** @typedef {{key: string, name: string, at: string, mine: boolean, text?: string, event?: "entered" | "left", pending?: boolean, failed?: string}} Line */

export class Transcript {
  constructor() {
    /** @type {Line[]} */
    this.lines = [];
  }

  /**
   * @param {string} key
   * @param {string} name
   * @param {string} text ours, not answered yet
   */
  write(key, name, text) {
    this.lines.push({ key, name, text, at: new Date().toISOString(), mine: true, pending: true });
  }

  /**
   * @param {"entered" | "left"} event
   * @param {string} name
   */
  note(event, name) {
    this.lines.push({ key: newKey(), event, name, at: new Date().toISOString(), mine: false });
  }

  /**
   * @param {Line} line as the server tells it
   * @returns {boolean} it is new
   */
  hear(line) {
    const at = this.lines.findIndex(({ key }) => key === line.key);
    if (at >= 0) this.lines[at] = line;
    else this.lines.push(line);
    return at < 0;
  }

  /**
   * @param {string} key
   * @param {string} why
   */
  fail(key, why) {
    const line = this.lines.find((each) => each.key === key);
    if (line) [line.pending, line.failed] = [false, why];
  }

  /** @param {Line[]} told by the server; what we said meanwhile and saw with our own eyes stays */
  merge(told) {
    const keys = new Set(told.map(({ key }) => key));
    const ours = this.lines.filter(({ key, event, pending, failed }) => !keys.has(key) && (event || pending || failed));
    this.lines = [...told, ...ours].sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
  }
}

/** Chosen by the page, so that the same words sent twice are one message. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
