// @ts-check
/**
 * Direct messages on every page of who is logged in: a mark in the head of the page, and a view that the head and the room's
 * panel both show (`__td.direct.mount`). What is said and known is `direct_line.js`'s, the list of colleagues
 * `direct_people.js`'s; both stand before.
 *
 * Texts for people come from the template (`data-words` of `#td-direct`). Everything another person wrote becomes a text
 * node.
 */
(() => {
  "use strict";

  /** @typedef {{id: number, name: string, detail: string, unread: number, here: boolean}} Colleague */
  /**
   * @typedef {{id: number, key: string, person: number, mine: boolean, text: string, at: string, read: boolean,
   *   dossier: string, failed?: string}} Said
   */

  const RETYPED = 250; // ms after the last key before asking for names

  const td = window.__td;
  const place = document.getElementById("td-direct");
  if (!place || !td?.directLine || !td.DirectPeople) return;
  const line = td.directLine;
  /** @type {Map<number, Said[]>} */
  const exchanges = line.exchanges;
  /** @type {Record<string, string>} */
  const words = JSON.parse(place.dataset.words ?? "{}");

  /** @param {string} key @param {Record<string, string | number>} [values] */
  const say = (key, values = {}) =>
    (words[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));

  // ---- building elements

  /**
   * @template {keyof HTMLElementTagNameMap} T
   * @param {T} tag
   * @param {Record<string, any>} [attributes] `on…` are listeners; false and null are left out
   * @param {...(Node | string | null | false)} children
   * @returns {HTMLElementTagNameMap[T]}
   */
  function h(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") element.addEventListener(name.slice(2), value);
      else if (value !== false && value !== null) element.setAttribute(name, value === true ? "" : String(value));
    }
    for (const child of children) if (child) element.append(child);
    return element;
  }

  /** @param {string} path */
  function icon(path) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "ic");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
    line.setAttribute("d", path);
    svg.append(line);
    return svg;
  }

  const LETTER = "M4 6.500h16v11H4ZM4.500 7l7.500 6 7.500-6";
  const CLOSE = "M6 6l12 12M18 6 6 18";
  const BACK = "m14 6-6 6 6 6";
  const SEND = "M4 12 20 4.500 15.500 20l-4-6.500L4 12ZM11.500 13.500 20 4.500";

  /**
   * A button that shows an icon and says a word.
   * @param {string} key @param {string} path @param {Record<string, any>} attributes @param {string} [style]
   */
  const labelled = (key, path, attributes, style = "iconbtn") =>
    h("button", { class: style, "aria-label": say(key), title: say(key), ...attributes }, icon(path));

  const clock = new Intl.DateTimeFormat("fr-FR", {
    day: "2-digit",
    month: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    timeZone: "Europe/Paris",
  });

  /** @param {Said} said @param {string} name of who wrote it */
  function drawLine(said, name) {
    const from = said.dossier ? say("from", { number: said.dossier }) : "";
    const about = said.failed ?? (said.mine && !said.id ? say("pending") : from);
    const style = `direct__line${said.mine ? " direct__line--mine" : ""}${said.failed ? " direct__line--failed" : ""}`;
    const time = h("time", { datetime: said.at }, clock.format(new Date(said.at)));
    return h(
      "div",
      { class: style },
      h("span", { class: "direct__when" }, h("b", {}, name), " ", time),
      h("p", {}, said.text),
      about && h("small", {}, about),
    );
  }

  // ---- the view

  class View {
    /** @param {HTMLElement} host @param {() => string} dossier number of the dossier one writes from */
    constructor(host, dossier) {
      this.dossier = dossier;
      this.isWatched = false;
      /** @type {Colleague | null} */
      this.person = null;
      this.people = new td.DirectPeople(h, say, (/** @type {Colleague} */ person) => this.open(person));
      this.query = h("input", {
        type: "search",
        class: "direct__search",
        "aria-label": say("search"),
        placeholder: say("search"),
        autocomplete: "off",
        maxlength: 60,
        oninput: () => this.later(),
      });
      this.finding = h("div", { class: "direct__find" }, this.query, ...this.people.elements);
      this.talking = h("div", { class: "direct__talk", hidden: true });
      this.element = h("div", { class: "direct__view" }, this.finding, this.talking);
      this.lines = h("div", { class: "direct__lines", role: "log", tabindex: 0 });
      this.state = h("p", { class: "direct__state", role: "status" });
      host.append(this.element);
      this.listener = (/** @type {string} */ what, /** @type {any} */ message) => this.follow(what, message);
      line.listeners.add(this.listener);
      this.find();
    }

    stop() {
      line.listeners.delete(this.listener);
      clearTimeout(this.timer);
      this.element.remove();
    }

    shown() {
      this.find();
      (this.person ? this.input : this.query)?.focus();
    }

    /** @param {boolean} isWatched the view is on the screen: what it shows is read */
    watch(isWatched) {
      this.isWatched = isWatched;
      this.markRead();
    }

    later() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.find(), RETYPED);
    }

    find() {
      line.send({ t: "find", query: this.query.value.trim() });
    }

    /** @param {string} what @param {any} message */
    follow(what, message) {
      if (what === "colleagues" && message.query === this.query.value.trim()) {
        this.people.show(message.people, message.query !== "");
      } else if (what === "here" || what === "unread" || what === "line") {
        if (!this.person) this.later();
        // What was written while the line was away was told to nobody: read before anything newer counts as read.
        else if (what === "line" && line.isOpen) line.send({ t: "open", person: this.person.id });
        this.drawState();
      } else if (what === "exchange" && message === this.person?.id) {
        this.drawLines();
        this.markRead();
      } else if (what === "error") this.refused(message);
    }

    /** @param {{about: string, key?: string, message: string}} refusal */
    refused({ about, key, message }) {
      if (about === "send" && key && this.person) {
        const said = exchanges.get(this.person.id)?.find((each) => each.key === key);
        if (said) said.failed = message;
        this.drawLines();
      } else if (about !== "hello") this.state.textContent = message;
    }

    /** @param {Colleague} person */
    open(person) {
      this.person = person;
      this.lines.setAttribute("aria-label", say("log", { name: person.name }));
      this.input = h("textarea", {
        rows: 1,
        maxlength: 2000,
        "aria-label": say("input", { name: person.name }),
        placeholder: say("input", { name: person.name }),
        onkeydown: (/** @type {KeyboardEvent} */ event) => {
          if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          this.write();
        },
      });
      const submit = (/** @type {Event} */ event) => {
        event.preventDefault();
        this.write();
      };
      this.talking.replaceChildren(
        h(
          "div",
          { class: "direct__head" },
          labelled("back", BACK, { type: "button", onclick: () => this.back() }),
          h("span", { class: "direct__who" }, h("b", {}, person.name), h("small", {}, person.detail)),
        ),
        this.lines,
        this.state,
        h(
          "form",
          { class: "direct__compose", onsubmit: submit },
          this.input,
          labelled("send", SEND, {}, "iconbtn iconbtn--on"),
        ),
        h("p", { class: "direct__kept" }, say("kept")),
      );
      this.finding.hidden = true;
      this.talking.hidden = false;
      line.send({ t: "open", person: person.id });
      this.drawLines();
      this.drawState();
      this.input.focus();
    }

    back() {
      this.person = null;
      this.talking.hidden = true;
      this.finding.hidden = false;
      this.find();
      this.query.focus();
    }

    write() {
      const text = this.input?.value.trim();
      if (!text || !this.person || !this.input) return;
      this.input.value = "";
      line.write(this.person.id, text, this.dossier());
    }

    drawLines() {
      if (!this.person) return;
      const lines = exchanges.get(this.person.id) ?? [];
      const name = this.person.name;
      const drawn = lines.map((said) => drawLine(said, said.mine ? say("you") : name));
      this.lines.replaceChildren(...(drawn.length ? drawn : [h("p", { class: "direct__none" }, say("empty"))]));
      this.lines.scrollTop = this.lines.scrollHeight;
    }

    drawState() {
      const away = this.person && !line.isHere(this.person.id);
      const name = this.person?.name ?? "";
      this.state.textContent = !line.isOpen ? say("lost") : away ? say("later", { name }) : "";
    }

    markRead() {
      const { person } = this;
      if (!this.isWatched || !person || document.hidden) return;
      const last = (exchanges.get(person.id) ?? []).filter(({ mine, read }) => !mine && !read).at(-1);
      if (!last || !line.send({ t: "read", person: person.id, upto: last.id })) return;
      for (const said of exchanges.get(person.id) ?? []) if (!said.mine) said.read = true;
    }
  }

  // ---- the mark in the head

  const mark = h("span", { class: "direct__mark", "aria-hidden": "true", hidden: true });
  const button = labelled("button", LETTER, { type: "button", "aria-expanded": "false", onclick: () => turn() });
  button.append(mark);
  const panel = h("section", { class: "direct__panel", "aria-label": say("title"), hidden: true });
  /** @type {View | null} */
  let view = null;

  function turn() {
    const opening = panel.hidden;
    panel.hidden = !opening;
    button.setAttribute("aria-expanded", String(opening));
    if (opening) {
      view ??= new View(panel, () => td.room?.dossier ?? "");
      view.watch(true);
      view.shown();
    } else {
      view?.watch(false);
      button.focus();
    }
  }

  panel.append(
    h(
      "div",
      { class: "direct__head" },
      h("h2", { class: "h3 grow" }, say("title")),
      labelled("close", CLOSE, { type: "button", onclick: () => turn() }),
    ),
  );
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") turn();
  });
  place.append(button, panel);

  line.listeners.add((/** @type {string} */ what) => {
    if (what !== "unread") return;
    const number = line.unread;
    mark.hidden = number === 0;
    mark.textContent = number > 99 ? "99" : String(number);
    const label = number === 0 ? "button" : number === 1 ? "unread.one" : "unread.other";
    button.setAttribute("aria-label", say(label, { count: number }));
  });
  document.addEventListener("visibilitychange", () => view?.markRead());

  td.direct = {
    /** @param {HTMLElement} host @param {() => string} dossier */
    mount: (host, dossier) => new View(host, dossier),
    /** @param {() => void} changed how much is unread @returns {() => void} */
    on(changed) {
      const listener = (/** @type {string} */ what) => what === "unread" && changed();
      line.listeners.add(listener);
      return () => line.listeners.delete(listener);
    },
    get unread() {
      return line.unread;
    },
  };
})();
