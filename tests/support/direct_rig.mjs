/** The colleagues of direct messages without a browser: `node direct_rig.mjs SCENARIO` prints what came of it, as JSON. */
import { existsSync } from "node:fs";
import { after } from "./page_elements.mjs";

const place = Object.assign(document.createElement("span"), { dataset: { words: "{}" } });
document.getElementById = () => place;
document.body.append(place);
/** @type {any[]} */
const sent = [];
const line = {
  exchanges: new Map(), listeners: new Set(), isOpen: true, unread: 0, isHere: () => true,
  send: (/** @type {any} */ message) => sent.push(message),
};
window.__td = { directLine: line };
for (const name of ["direct_people.js", "direct.js"]) {
  const script = new URL(`../../app/static/${name}`, import.meta.url);
  if (existsSync(script)) await import(script.href);
}
window.__td.direct.mount(document.body, () => "");

const names = ["", "ARNAUD", "BERNARD", "COLIN", "DURAND"];
/** The server's answer. @param {...number} ids */
const listed = (...ids) => {
  const people = ids.map((id) => ({ id, name: names[id], detail: "", unread: 0, here: true }));
  for (const listener of line.listeners) listener("colleagues", { query: "", people });
};
const rows = () => document.body.querySelectorAll("button.direct__person").map((row) => row.querySelector("b").textContent);
const row = (/** @type {string} */ name) =>
  document.body.querySelectorAll("button.direct__person").find((each) => each.querySelector("b").textContent === name);
const opened = () => sent.filter(({ t }) => t === "open").map(({ person }) => names[person]);
const nobody = () => !document.body.querySelector("p.direct__none").hidden;

/** @type {Record<string, () => Promise<any>>} */
const scenarios = {
  async one_comes_above_a_press() {
    listed(2, 3);
    row("COLIN").happens("pointerdown");
    listed(1, 2, 3);
    const pressed = rows();
    row("COLIN").happens("pointerup");
    row("COLIN").happens("click");
    await after(150);
    return { pressed, then: rows(), opened: opened() };
  },
  async all_go_under_a_press() {
    listed(2, 3);
    row("COLIN").happens("pointerdown");
    listed();
    const pressed = [rows(), nobody()];
    row("COLIN").happens("pointerup");
    row("COLIN").happens("click");
    await after(150);
    return { pressed, then: [rows(), nobody()], opened: opened() };
  },
  async pressed_again_at_once() {
    listed(2, 3);
    for (const name of ["pointerdown", "pointerup", "pointerdown"]) row("COLIN").happens(name);
    await after(150);
    listed(1, 2, 3);
    return rows();
  },
  async no_press() {
    listed(2, 3);
    const element = row("COLIN");
    listed(1, 3, 4);
    return [rows(), row("COLIN") === element];
  },
};
console.log(JSON.stringify(await scenarios[process.argv[2]]()));
process.exit(0);
