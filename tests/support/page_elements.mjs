/**
 * As much of a page as our scripts need to draw without a browser: elements, events that bubble, focus, simple selectors.
 * Nothing is laid out; what has a size says so itself.
 */

/** A compound like `button.doc[data-key="a"]`; `:…` is not known. @param {string} selector */
function parsed(selector) {
  const tag = /^[a-z][\w-]*/i.exec(selector)?.[0] ?? "";
  const classes = [...selector.replace(/\[.*?\]/g, "").matchAll(/\.([\w-]+)/g)].map(([, name]) => name);
  const attributes = [...selector.matchAll(/\[([\w-]+)(?:="([^"]*)")?\]/g)].map(([, name, value]) => [name, value]);
  return { tag, classes, attributes };
}

class Node extends EventTarget {
  constructor() {
    super();
    /** @type {any} */
    this.parentNode = null;
  }

  getRootNode() {
    return this.parentNode ? this.parentNode.getRootNode() : this;
  }

  get isConnected() {
    return this.getRootNode() === document.body;
  }

  remove() {
    this.parentNode?.removeChild(this);
  }

  replaceWith(/** @type {any} */ other) {
    this.parentNode?.insertBefore(other, this);
    this.remove();
  }
}

class Text extends Node {
  constructor(/** @type {string} */ data) {
    super();
    this.data = data;
  }

  get textContent() {
    return this.data;
  }

  isEqualNode(/** @type {any} */ other) {
    return other instanceof Text && other.data === this.data;
  }
}

class Style {
  setProperty() {}
}

export class Element extends Node {
  constructor(/** @type {string} */ tag) {
    super();
    this.tag = tag.toLowerCase();
    /** @type {any[]} */
    this.childNodes = [];
    /** @type {Map<string, string>} */
    this.attributes = new Map();
    /** @type {any} */
    this.style = new Style();
    this.value = "";
    Object.assign(this, { offsetTop: 0, offsetHeight: 0, offsetWidth: 0, clientWidth: 0, clientHeight: 0, scrollTop: 0, scrollHeight: 0 });
    this.classList = {
      toggle: (/** @type {string} */ name, /** @type {boolean} */ on) => {
        const rest = this.className.split(" ").filter((each) => each && each !== name);
        this.className = (on ? [...rest, name] : rest).join(" ");
      },
    };
  }

  get children() {
    return this.childNodes.filter((each) => each instanceof Element);
  }

  get childElementCount() {
    return this.children.length;
  }

  get firstChild() {
    return this.childNodes[0] ?? null;
  }

  get firstElementChild() {
    return this.children[0] ?? null;
  }

  get textContent() {
    return this.childNodes.map((each) => each.textContent).join("");
  }

  set textContent(text) {
    this.replaceChildren(...(text ? [text] : []));
  }

  // ---- the tree

  insertBefore(/** @type {any} */ node, /** @type {any} */ before) {
    const child = node instanceof Node ? node : new Text(String(node));
    child.remove();
    const at = before ? this.childNodes.indexOf(before) : this.childNodes.length;
    this.childNodes.splice(at, 0, child);
    child.parentNode = this;
  }

  removeChild(/** @type {any} */ node) {
    if (node.contains?.(document.activeElement)) document.activeElement = document.body;
    this.childNodes = this.childNodes.filter((each) => each !== node);
    node.parentNode = null;
  }

  append(/** @type {any[]} */ ...nodes) {
    for (const node of nodes) this.insertBefore(node, null);
  }

  prepend(/** @type {any[]} */ ...nodes) {
    const first = this.firstChild;
    for (const node of nodes) this.insertBefore(node, first);
  }

  replaceChildren(/** @type {any[]} */ ...nodes) {
    for (const node of [...this.childNodes]) this.removeChild(node);
    this.append(...nodes);
  }

  contains(/** @type {any} */ node) {
    for (let each = node; each; each = each.parentNode) if (each === this) return true;
    return false;
  }

  isEqualNode(/** @type {any} */ other) {
    const named = (/** @type {Element} */ one) => JSON.stringify([one.tag, [...one.attributes].sort()]);
    if (!(other instanceof Element) || named(this) !== named(other)) return false;
    const [mine, theirs] = [this.childNodes, other.childNodes];
    return mine.length === theirs.length && mine.every((each, at) => each.isEqualNode(theirs[at]));
  }

  // ---- attributes and selectors

  getAttribute(/** @type {string} */ name) {
    return this.attributes.get(name) ?? null;
  }

  setAttribute(/** @type {string} */ name, /** @type {any} */ value) {
    this.attributes.set(name, String(value));
  }

  removeAttribute(/** @type {string} */ name) {
    this.attributes.delete(name);
  }

  matches(/** @type {string} */ selectors) {
    return selectors.split(",").some((selector) => {
      const { tag, classes, attributes } = parsed(selector.trim());
      const mine = this.className.split(" ");
      const here = attributes.every(([name, value]) => (value === undefined ? this.attributes.has(name) : this.getAttribute(name) === value));
      return here && (!tag || tag === this.tag) && classes.every((name) => mine.includes(name));
    });
  }

  closest(/** @type {string} */ selectors) {
    for (let each = /** @type {any} */ (this); each; each = each.parentNode) if (each.matches(selectors)) return each;
    return null;
  }

  querySelectorAll(/** @type {string} */ selectors) {
    /** @type {Element[]} */
    const found = [];
    for (const each of this.children) found.push(...(each.matches(selectors) ? [each] : []), ...each.querySelectorAll(selectors));
    return found;
  }

  querySelector(/** @type {string} */ selectors) {
    return this.querySelectorAll(selectors)[0] ?? null;
  }

  // ---- what a person does

  focus() {
    if (this.isConnected) document.activeElement = this;
  }

  /** An event here and at all that is around. @param {string} name @param {Record<string, any>} [more] */
  happens(name, more = {}) {
    const target = this;
    for (let each = /** @type {any} */ (this); each; each = each.parentNode) {
      const event = Object.defineProperties(new Event(name), { target: { get: () => target } });
      each.dispatchEvent(Object.assign(event, more));
    }
    globalThis.dispatchEvent(Object.assign(new Event(name), more));
  }
}
for (const [property, attribute] of Object.entries({ className: "class", id: "id", type: "type", title: "title" })) {
  Object.defineProperty(Element.prototype, property, {
    get() {
      return this.getAttribute(attribute) ?? "";
    },
    set(value) {
      this.setAttribute(attribute, value);
    },
  });
}
Object.defineProperty(Element.prototype, "hidden", {
  get() {
    return this.attributes.has("hidden");
  },
  set(value) {
    if (value) this.setAttribute("hidden", "");
    else this.removeAttribute("hidden");
  },
});

/** @type {any} */
const document = Object.assign(new EventTarget(), { hidden: false, activeElement: null });
const outside = new EventTarget();
Object.assign(globalThis, {
  window: globalThis,
  document,
  Element,
  HTMLElement: Element,
  addEventListener: outside.addEventListener.bind(outside),
  removeEventListener: outside.removeEventListener.bind(outside),
  dispatchEvent: outside.dispatchEvent.bind(outside),
  requestAnimationFrame: (/** @type {() => void} */ then) => setTimeout(then, 0),
});
document.createElement = (/** @type {string} */ tag) => new Element(tag);
document.createElementNS = (/** @type {string} */ _space, /** @type {string} */ tag) => new Element(tag);
document.body = document.activeElement = new Element("body");
document.body.getRootNode = () => document.body;
Object.defineProperty(document.body, "activeElement", { get: () => document.activeElement });

/** A component's model: plain values, what was sent, and `set`, which tells like the server. @param {Record<string, any>} values */
export function modelOf(values) {
  /** @type {[string, () => void][]} */
  const listeners = [];
  const model = /** @type {any} */ ({
    ...values,
    sent: [],
    send_msg: (/** @type {any} */ message) => model.sent.push(message),
    on: (/** @type {string} */ name, /** @type {() => void} */ then) => listeners.push([name, then]),
    /** As a patch comes: one property after another. @param {Record<string, any>} changes */
    set(changes) {
      for (const [name, value] of Object.entries(changes)) {
        model[name] = value;
        for (const [of, then] of listeners) if (of === name) then();
      }
    },
  });
  return model;
}

/** @param {number} ms */
export const after = (ms) => new Promise((done) => setTimeout(done, ms));

/** Labels that are their own names. @type {any} */
export const labels = new Proxy({}, { get: (_, name) => String(name) });
