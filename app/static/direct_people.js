// @ts-check
/**
 * The colleagues of direct messages, as rows that stay where they are for as long as one of them is pressed. `direct.js`
 * shows them; a plain script, loaded before it.
 */
(() => {
  "use strict";

  /** @typedef {{id: number, name: string, detail: string, unread: number, here: boolean}} Colleague */

  const CLICK_BEHIND = 100; // ms: a click comes after the release of a finger, not with it

  const td = (window.__td = window.__td || {});

  /**
   * Every row keeps its element for as long as its colleague is listed: somebody comes or goes at any moment, and neither
   * a press that has begun nor the focus may be lost to that.
   */
  class People {
    /**
     * @param {(tag: string, attributes?: Record<string, any>, ...children: Node[]) => any} h
     * @param {(key: string, values?: Record<string, string | number>) => string} say
     * @param {(person: Colleague) => void} open
     */
    constructor(h, say, open) {
      this.h = h;
      this.say = say;
      this.open = open;
      /** @type {Map<number, {element: HTMLElement, fill: (person: Colleague) => void}>} */
      this.rows = new Map();
      this.isPressed = false;
      const attributes = { class: "direct__people", "aria-label": say("people"), onpointerdown: (/** @type {PointerEvent} */ event) => this.press(event) };
      /** @type {HTMLElement} */
      this.list = h("ul", attributes);
      /** @type {HTMLElement} */
      this.none = h("p", { class: "direct__none" });
      this.elements = [this.none, this.list];
    }

    /** @param {Colleague[]} people in their order @param {boolean} isSearch */
    show(people, isSearch) {
      this.draw = () => this.drawAll(people, isSearch);
      if (this.isPressed) this.drawBelow(people);
      else this.draw();
    }

    /** Until the click that may follow, a row that moves would leave its place to another. @param {PointerEvent} event */
    press({ button, ctrlKey }) {
      if (button || ctrlKey) return; // the menu that opens may keep its release
      clearTimeout(this.releasing);
      this.isPressed = true;
      const listening = new AbortController();
      const release = () => {
        listening.abort();
        this.releasing = setTimeout(() => {
          this.isPressed = false;
          this.draw?.();
        }, CLICK_BEHIND);
      };
      for (const name of ["pointerup", "pointercancel"]) addEventListener(name, release, { signal: listening.signal });
    }

    /** Who is known in place, who is new at the end; nobody leaves. @param {Colleague[]} people */
    drawBelow(people) {
      for (const person of people) {
        const { element, fill } = this.rows.get(person.id) ?? this.newRow(person.id);
        fill(person);
        if (!element.parentNode) this.list.append(element);
      }
    }

    /** @param {Colleague[]} people @param {boolean} isSearch */
    drawAll(people, isSearch) {
      const wanted = new Set(people.map(({ id }) => id));
      for (const [id, { element }] of this.rows) {
        if (wanted.has(id)) continue;
        element.remove();
        this.rows.delete(id);
      }
      people.forEach((person, at) => {
        const { element, fill } = this.rows.get(person.id) ?? this.newRow(person.id);
        fill(person);
        const there = this.list.children[at];
        if (there !== element) this.list.insertBefore(element, there ?? null);
      });
      this.none.hidden = people.length > 0;
      this.none.textContent = this.say(isSearch ? "nobody" : "none");
    }

    /** @param {number} id */
    newRow(id) {
      const { h, say } = this;
      const dot = h("span", { "aria-hidden": "true" });
      const name = h("b");
      const detail = h("small");
      const where = h("span", { class: "vh" });
      const who = h("span", { class: "direct__who" }, name, detail);
      const mark = h("span", { class: "direct__mark" });
      /** @type {Colleague} as the row shows them, though they may have left since it was pressed */
      let shown;
      const attributes = { type: "button", class: "direct__person", onclick: () => this.open(shown) };
      const row = {
        element: h("li", {}, h("button", attributes, dot, who, where, mark)),
        /** @param {Colleague} person */
        fill(person) {
          shown = person;
          dot.className = person.here ? "direct__dot direct__dot--on" : "direct__dot";
          name.textContent = person.name;
          detail.textContent = person.detail;
          where.textContent = say(person.here ? "here" : "away");
          mark.hidden = person.unread === 0;
          mark.textContent = String(person.unread);
          mark.setAttribute("aria-label", say("count", { count: person.unread }));
        },
      };
      this.rows.set(id, row);
      return row;
    }
  }

  td.DirectPeople = People;
})();
