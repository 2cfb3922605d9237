// @ts-check
/**
 * Drafts: what is typed into a field survives the rebuilding of the page.
 *
 * A host element carries the class `draft-<key>` or the attribute `data-draft="<key>"`, in any shadow root; the
 * native field (input, textarea, select) is the host or inside it. The key names the record too
 * (`draft-avis-TLM-2026-0001`): it must never fit the field of another patient.
 *
 * When the line is lost, only what was typed lately and still stands in its field is kept: a message that was sent,
 * or a field that somebody else filled, does not come back. Nothing is written to the disk of the computer.
 */
(() => {
  "use strict";

  /** Typed this long before the line was noticed to be lost: may not have reached the server. */
  const LATELY = 60_000;
  const PATIENCE = 120; // looks, 25 ms apart, for the field of the rebuilt page
  const STEP = 25;

  /**
   * @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Field
   * @typedef {{text: string, checked?: boolean, at: number}} Draft
   * @typedef {{key: string, start: number | null, end: number | null, scroll: number}} Caret
   */

  /** @type {Map<string, Draft>} */
  const kept = new Map();
  /** @type {Caret | null} where the person was typing, while the page is being rebuilt */
  let typing = null;
  let offline = false;
  /** @type {Set<string>} drafts whose field the rebuilt page does not show yet: it is behind another tab */
  const late = new Set();
  /** @type {number | undefined} */
  let watching;

  const sleep = (/** @type {number} */ ms) => new Promise((done) => setTimeout(done, ms));

  /** @param {EventTarget} node @returns {string | null} */
  function keyOf(node) {
    if (!(node instanceof Element)) return null;
    if (node instanceof HTMLElement && node.dataset.draft) return node.dataset.draft;
    for (const name of node.classList) if (name.startsWith("draft-")) return name.slice(6);
    return null;
  }

  /** @param {EventTarget[]} path @returns {string | null} */
  function keyOn(path) {
    for (const node of path) {
      const key = keyOf(node);
      if (key) return key;
    }
    return null;
  }

  /** @param {any} node @returns {node is Field} */
  const isField = (node) =>
    node instanceof HTMLInputElement || node instanceof HTMLTextAreaElement || node instanceof HTMLSelectElement;

  /**
   * Depth first through every shadow root.
   * @param {ParentNode} root @param {(node: Element) => boolean} wanted @returns {Element | null}
   */
  function search(root, wanted) {
    for (const node of root.querySelectorAll("*")) {
      if (wanted(node)) return node;
      const found = node.shadowRoot && search(node.shadowRoot, wanted);
      if (found) return found;
    }
    return null;
  }

  /** @param {string} key @returns {Field | null} */
  function fieldOf(key) {
    const host = search(document, (node) => keyOf(node) === key);
    if (!host) return null;
    if (isField(host)) return host;
    // MUI keeps a hidden twin of each textarea, to measure its height.
    const real = (/** @type {Element} */ node) => isField(node) && node.getAttribute("aria-hidden") !== "true";
    const inside = (host.shadowRoot && search(host.shadowRoot, real)) || search(host, real);
    return /** @type {Field | null} */ (inside);
  }

  function focused() {
    let node = document.activeElement;
    while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
    return node;
  }

  /** @param {Field} field @param {string} key @returns {Caret} */
  function caretOf(field, key) {
    const text = field instanceof HTMLSelectElement ? null : field;
    return { key, start: text?.selectionStart ?? null, end: text?.selectionEnd ?? null, scroll: field.scrollTop };
  }

  document.addEventListener(
    "input",
    (event) => {
      const path = event.composedPath();
      const key = keyOn(path);
      const field = path[0];
      if (!key || !isField(field) || field.type === "password" || field.type === "file") return;
      const checked = field instanceof HTMLInputElement && /^(checkbox|radio)$/.test(field.type) ? field.checked : undefined;
      kept.set(key, { text: field.value, checked, at: Date.now() });
      late.delete(key);
    },
    true,
  );

  /** Keys pressed while the field is gone for a moment go to where it will be. */
  addEventListener(
    "keydown",
    (event) => {
      const draft = typing && kept.get(typing.key);
      if (!typing || !draft || event.ctrlKey || event.metaKey || event.altKey || isField(event.composedPath()[0])) return;
      const start = typing.start ?? draft.text.length;
      const end = typing.end ?? start;
      let put = "";
      let from = start;
      if (event.key.length === 1) put = event.key;
      else if (event.key === "Enter") put = "\n";
      else if (event.key === "Backspace") from = start === end ? Math.max(0, start - 1) : start;
      else return;
      event.preventDefault();
      draft.text = draft.text.slice(0, from) + put + draft.text.slice(end);
      typing.start = typing.end = from + put.length;
    },
    true,
  );

  /** The line was lost: forget what has surely arrived, or was replaced since. */
  function lost() {
    if (offline) return;
    offline = true;
    for (const [key, draft] of kept) {
      const field = fieldOf(key);
      if (!field || !shows(field, draft) || Date.now() - draft.at > LATELY) kept.delete(key);
    }
    keepFocused();
  }

  /** A field where the person stands without having typed: its caret comes back too. */
  function keepFocused() {
    const field = focused();
    if (!field || !isField(field)) return;
    const key = keyAround(field);
    if (key && !kept.has(key)) kept.set(key, { text: field.value, at: Date.now() });
  }

  /** @param {Element} node @returns {string | null} */
  function keyAround(node) {
    for (let at = /** @type {Node | null} */ (node); at; at = at instanceof ShadowRoot ? at.host : at.parentNode) {
      const key = keyOf(at);
      if (key) return key;
    }
    return null;
  }

  /** The page is about to be torn down. */
  function remember() {
    const field = focused();
    const key = field && isField(field) ? keyAround(field) : null;
    typing = key && field && isField(field) ? caretOf(field, key) : null;
  }

  /**
   * The page is there again: put every draft back, then focus and caret.
   * @param {any} doc the Bokeh document
   */
  async function restore(doc) {
    offline = false;
    const waiting = [...kept.keys()].sort((key) => (key === typing?.key ? -1 : 1));
    await Promise.all(waiting.map((key) => putBack(doc, key)));
    typing = null;
  }

  /** @param {any} doc @param {string} key */
  async function putBack(doc, key) {
    for (let look = 0; look < PATIENCE; look++, await sleep(STEP)) {
      const draft = kept.get(key);
      const field = fieldOf(key);
      if (!draft) return;
      if (!field) continue;
      if (field.disabled || ("readOnly" in field && field.readOnly)) break; // signed meanwhile: it may not be written any more
      if (!shows(field, draft)) {
        const model = modelOf(doc, key, draft);
        if (model) set(model, draft, typing?.key === key);
        else write(field, key, draft);
        if (!shows(field, draft)) continue; // not drawn yet
      }
      if (typing?.key === key) place(field, typing);
      return;
    }
    if (typing?.key === key) typing = null;
    if (kept.has(key)) watchFor(doc, key);
  }

  /** @param {any} doc @param {string} key */
  function watchFor(doc, key) {
    if (!fieldOf(key)) late.add(key);
    watching ??= window.setInterval(() => {
      for (const waiting of late) {
        if (!fieldOf(waiting)) continue;
        late.delete(waiting);
        void putBack(doc, waiting);
      }
      if (late.size) return;
      clearInterval(watching);
      watching = undefined;
    }, 1_000);
  }

  /**
   * The data of a panel-material-ui field: what it shows lives in the model, not in the element. Setting what is
   * already there sends nothing.
   * @param {any} doc @param {string} key @param {Draft} draft
   */
  function modelOf(doc, key, draft) {
    for (const model of doc._all_models.values()) {
      if (!model.css_classes?.includes("draft-" + key)) continue;
      const values = model.data?.attributes ?? {};
      if (draft.checked === undefined ? "value_input" in values : typeof values.value === "boolean") return model.data;
    }
    return null;
  }

  /**
   * `value` follows `value_input` when the field is left. Set under the person's hands, it would later take back
   * the key they have just pressed. A component that was not listening yet when the model changed is told again.
   * @param {any} model @param {Draft} draft @param {boolean} beingTyped
   */
  function set(model, draft, beingTyped) {
    if (draft.checked !== undefined) model.setv({ value: draft.checked });
    else if (model.attributes.value_input === draft.text) model.properties.value_input.change.emit();
    else model.setv(beingTyped ? { value_input: draft.text } : { value_input: draft.text, value: draft.text });
  }

  /** @param {Field} field @param {string} key @param {Draft} draft */
  function write(field, key, draft) {
    if (draft.checked === undefined) field.value = draft.text;
    else /** @type {HTMLInputElement} */ (field).checked = draft.checked;
    const detail = { key, text: draft.text, checked: draft.checked };
    field.dispatchEvent(new CustomEvent("td:draft", { detail, bubbles: true, composed: true }));
  }

  /** @param {Field} field @param {Draft} draft */
  const shows = (field, draft) =>
    draft.checked === undefined ? field.value === draft.text : field instanceof HTMLInputElement && field.checked === draft.checked;

  /** @param {Field} field @param {Caret} caret */
  function place(field, caret) {
    field.focus({ preventScroll: true });
    if (caret.start !== null && !(field instanceof HTMLSelectElement)) field.setSelectionRange(caret.start, caret.end ?? caret.start);
    field.scrollTop = caret.scroll;
    typing = null;
  }

  const td = (window.__td = window.__td || {});
  td.drafts = { lost, remember, restore, busy: () => offline || typing !== null };
})();
