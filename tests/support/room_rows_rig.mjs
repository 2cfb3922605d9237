/** Rows in the room's panels without a browser: `node room_rows_rig.mjs SCENARIO` prints what came of it, as JSON. */
import { after } from "./page_elements.mjs";

const { InvitationList } = await import("../../components/video_room/invite_list.js");
const { TransferView } = await import("../../components/video_room/transfer_view.js");
const words = { say: (/** @type {string} */ key, /** @type {any} */ { name = "" } = {}) => [key, name].filter(Boolean).join(" "), role: String, parts: () => ({ day: "1", month: "2" }), time: String };

// ---- invitations

const invited = (/** @type {string} */ id, state = "sent") => ({ id, name: "GOSSELIN", role: "patient", address: "", state, message: "", expires: "2999-01-01T00:00:00Z" });
function invitations() {
  const call = { invitations: ["a", "b", "c"].map((id) => invited(id)) };
  const list = new InvitationList(/** @type {any} */ (words), /** @type {any} */ (call), () => undefined);
  document.body.append(list.element);
  list.draw();
  const button = (/** @type {string} */ id) => /** @type {any} */ (list.list.querySelector(`li[data-id="${id}"]`)).querySelector('[data-act="withdraw"]');
  return { call, list, button };
}

// ---- a document to be handed over

function transfers() {
  /** @type {Map<string, {id: string, name: string}>} */
  const people = new Map();
  /** @type {Map<string, (message?: any) => void>} */
  const listening = new Map();
  /** @type {any[]} */
  const kept = [];
  const call = { people, on: (/** @type {string} */ name, /** @type {any} */ then) => listening.set(name, then), line: { keep: (/** @type {any} */ message) => kept.push(message) } };
  const around = { receipts: new Map(), documents: "/d", element: document.createElement("div"), arrivals: { received: async () => ({ element: document.createElement("div") }) } };
  const view = new TransferView(/** @type {any} */ ({ words, call, view: { open: "transfer" } }), /** @type {any} */ (around));
  const here = (/** @type {[string, string][]} */ ...all) => {
    people.clear();
    for (const [id, name] of all) people.set(id, { id, name });
    listening.get("people")?.();
  };
  const ticks = () => Object.fromEntries([...view.rows.values()].map(({ name, box }) => [name.textContent, box.checked]));
  const form = /** @type {any} */ (around.element).querySelector("form");
  return { view, here, ticks, form, kept, around };
}

/** @type {Record<string, () => any>} */
const scenarios = {
  one_above_changes() {
    const { call, list, button } = invitations();
    const [second, third] = ["b", "c"].map(button);
    /** @type {string[]} */
    const moved = [];
    const insert = list.list.insertBefore.bind(list.list);
    list.list.insertBefore = (/** @type {any} */ node, /** @type {any} */ before) => (moved.push(node.getAttribute("data-id")), insert(node, before));
    second.focus();
    call.invitations = [invited("a", "opened"), invited("b"), invited("c")];
    list.draw();
    return { moved, kept: button("b") === second && button("c") === third, focus: document.activeElement === second };
  },
  the_focused_one_changes() {
    const { call, list, button } = invitations();
    button("b").focus();
    call.invitations = [invited("a"), invited("b", "opened"), invited("c")];
    list.draw();
    return document.activeElement === button("b"); // though the others' buttons say the same name
  },
  who_is_meant() {
    const { here, ticks, form } = transfers();
    here(["1", "Nadia"]);
    here(["1", "Nadia"], ["2", "Paul"]);
    const before = ticks();
    form.happens("change");
    here(["1", "Nadia"], ["2", "Paul"], ["3", "Hugo"]);
    const choosing = ticks();
    here(["1", "Nadia"], ["3", "Hugo"]);
    here(["1", "Nadia"], ["3", "Hugo"], ["4", "Paul"]); // the same person: their page was loaded anew
    return { before, choosing, back: ticks() };
  },
  async sent_again_before_the_answer() {
    const { view, here, form, kept, around } = transfers();
    here(["1", "Nadia"]);
    view.select.value = "d1";
    const press = async () => {
      form.happens("submit");
      await after(5);
    };
    await press();
    await press();
    around.receipts.set("r", { id: "r", key: kept[0].key, name: "d1", people: [] });
    view.draw();
    await press();
    return kept.map(({ key }) => key === kept[0].key);
  },
};
console.log(JSON.stringify(await scenarios[process.argv[2]]()));
process.exit(0);
