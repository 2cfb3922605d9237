/** The form of a laboratory report without a browser: `node lab_rig.mjs SCENARIO` prints where the focus is, as JSON. */
import { after, labels, modelOf } from "./page_elements.mjs";

const { render } = await import("../../components/lab_entry/lab_entry.js");

const rows = ["r1", "r2"].map((id) => ({ id, analysis: "", value: "", unit: "", low: "", high: "", comment: "" }));
const values = { catalogue: [], errors: {}, questions: {}, notice: "", notice_bad: false, refused: 0, confirming: false, correcting: false };
const model = modelOf({ labels, form: { day: "", time: "", laboratory: "", rows }, ...values, latest_day: "", most_rows: 9, prefix: "p" });
render({ model, el: document.body });
await after(10);

const field = (/** @type {string} */ name) => document.body.querySelector(`input[data-draft="p-${name}"]`);
const focused = () => document.activeElement.getAttribute("data-draft");
const both = { day: "Date ?", "r2.value": "Valeur ?" };
/** A save is refused. The number comes last, as from the server; then first. @param {number} refused */
const refuse = async (refused, first = false) => {
  const answer = { errors: { ...both }, notice: "Non", notice_bad: true };
  model.set(first ? { refused, ...answer } : { ...answer, refused });
  await after(0);
};

/** @type {Record<string, () => Promise<any>>} */
const scenarios = {
  async refused() {
    await refuse(1);
    return focused();
  },
  async refused_whatever_comes_first() {
    await refuse(1, true);
    return focused();
  },
  async refused_for_the_same_again() {
    await refuse(1);
    field("laboratory").focus();
    model.set({ refused: 2 }); // nothing else is new
    await after(0);
    return focused();
  },
  async one_mended_in_a_draft() {
    await refuse(1);
    field("laboratory").focus();
    model.set({ errors: { "r2.value": "Valeur ?" } });
    await after(0);
    return [focused(), field("day").getAttribute("aria-invalid"), field("r2.value").getAttribute("aria-invalid")];
  },
};
console.log(JSON.stringify(await scenarios[process.argv[2]]()));
process.exit(0);
