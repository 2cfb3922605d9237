/** A panel whose content is fetched when it is first opened, and lives as long as the call. */
import { h, set, write } from "./dom.js";

/** @typedef {import("./tools.js").Context} Context */
/** @typedef {{element: HTMLElement, shown?: () => void, stop: () => void}} Content */

const LONG = 10_000;

/**
 * @param {Context} context
 * @param {HTMLElement} host where the content will stand
 * @param {() => Promise<Content>} fetched
 * @returns {{shown: () => void, stop: () => void}} the panel was opened; the call is over
 */
export function lateContent({ words, notes }, host, fetched) {
  /** @type {Content | null} */
  let content = null;
  let over = false;
  let loading = false;
  const shown = async () => {
    if (content) return content.shown?.();
    if (loading) return undefined;
    loading = true;
    try {
      const made = await fetched();
      if (over) return made.stop();
      content = made;
      host.replaceChildren(made.element);
      return made.shown?.();
    } catch {
      // The line is away just now: the next press tries again.
      return notes.show("source", { title: words.say("source.late"), icon: "alert", warm: true }, LONG);
    } finally {
      loading = false;
    }
  };
  return {
    shown: () => void shown(),
    stop: () => {
      over = true;
      content?.stop();
    },
  };
}

/**
 * A labelled `<select>`.
 * @param {string} label
 * @param {() => void} [chosen]
 */
export function choice(label, chosen = () => undefined) {
  const list = h("select", { onchange: chosen });
  const element = h("label", { class: "td-field td-field-select" }, h("span", { class: "td-lab" }, label), list);
  /**
   * @param {{id: string, name: string}[]} options
   * @param {string} [selected]
   */
  const fill = (options, selected = list.value) => {
    list.replaceChildren(...options.map(({ id, name }) => h("option", { value: id }, name)));
    if (options.some(({ id }) => id === selected)) list.value = selected;
  };
  return { element, list, fill };
}

/**
 * A switch with its words beside it.
 * @param {string} label
 * @param {() => void} changed
 */
export function tick(label, changed) {
  const box = h("input", { type: "checkbox", onchange: changed });
  return { element: h("label", { class: "td-tick" }, box, h("span", {}, label)), box };
}

/**
 * A labelled slider.
 * @param {string} label
 * @param {{min: number, max: number, step: number, value: number}} range
 * @param {(value: number) => void} moved
 */
export function slider(label, range, moved) {
  const input = h("input", { type: "range", "aria-label": label, ...range, oninput: () => moved(input.valueAsNumber) });
  const text = h("span", { class: "td-range-value", "aria-hidden": "true" });
  const element = h("label", { class: "td-range" }, h("span", { "aria-hidden": "true" }, label, " ", text), input);
  /** @param {string} words of the value of now */
  const tell = (words) => {
    write(text, words);
    set(input, "aria-valuetext", words);
  };
  return { element, input, tell };
}
