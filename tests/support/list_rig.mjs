/** The list of documents without a browser: `node list_rig.mjs SCENARIO` prints what came of it, as JSON. */
import { after, labels, modelOf } from "./page_elements.mjs";

const { render } = await import("../../components/document_list/document_list.js");

const listed = (/** @type {string} */ reference) => ({ reference, title: reference, kind: "letter", kind_label: "Courrier", facts: "", origin: "", state: "seen", state_label: "Vu" });
const arrival = (/** @type {string} */ reference) => ({ reference, title: reference, facts: "", origin: "", state: "examining", state_label: "", reason: "", progress: null, actions: ["dismiss"] });

const model = modelOf({ labels, documents: [listed("b")], arrivals: [], selected: "", archive_url: "", upload_url: "/u", limit_megabytes: 1, actions: [] });
render({ model, el: document.body });
const rows = () => document.body.querySelectorAll("li").map((row) => row.getAttribute("data-key"));
const row = (/** @type {string} */ key) => document.body.querySelector(`li[data-key="${key}"]`).querySelector("button");

/** @type {Record<string, () => Promise<any>>} */
const scenarios = {
  async news_under_a_press() {
    row("db").happens("pointerdown");
    model.set({ documents: [listed("a"), listed("b")], arrivals: [arrival("c")] });
    const pressed = rows();
    row("db").happens("pointerup");
    row("db").happens("click");
    await after(150);
    return { pressed, then: rows(), sent: model.sent };
  },
  async pressed_again_at_once() {
    for (const name of ["pointerdown", "pointerup", "pointerdown"]) row("db").happens(name);
    await after(150);
    model.set({ documents: [listed("a"), listed("b")] });
    return rows();
  },
  async news() {
    model.set({ documents: [listed("a"), listed("b")], arrivals: [arrival("c")] });
    return rows();
  },
  async news_while_a_kind_is_chosen() {
    document.body.querySelector("select").happens("pointerdown"); // its release goes to the list that opens
    model.set({ documents: [listed("a"), listed("b")] });
    return rows();
  },
};
console.log(JSON.stringify(await scenarios[process.argv[2]]()));
process.exit(0);
