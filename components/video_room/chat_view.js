/** What is written in the room, and the line to write in. */
import { h, icon, set, write } from "./dom.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./call.js").Call} Call */
/** @typedef {import("./transcript.js").Line} Line */

const LONGEST = 2000;
const NEAR = 60;

export class ChatView {
  /**
   * @param {Words} words
   * @param {Call} call
   */
  constructor(words, call) {
    this.words = words;
    this.call = call;
    /** @type {Map<string, {element: HTMLElement, state: HTMLElement}>} */
    this.rows = new Map();
    this.empty = h("p", { class: "td-empty" }, words.say("chat.empty"));
    this.list = h("div", {
      class: "td-messages",
      role: "log",
      "aria-live": "off",
      "aria-label": words.say("chat.log"),
      tabindex: 0,
    });
    this.input = h("textarea", {
      rows: 1,
      maxlength: LONGEST,
      placeholder: words.say("chat.input"),
      "aria-label": words.say("chat.input"),
      oninput: () => this.grow(),
      onkeydown: (event) => {
        if (event instanceof KeyboardEvent && event.key === "Enter" && !event.shiftKey && !event.isComposing) {
          event.preventDefault();
          this.send();
        }
      },
    });
    const button = h(
      "button",
      {
        type: "submit",
        class: "td-iconbtn td-iconbtn-on",
        "aria-label": words.say("chat.send"),
        title: words.say("chat.send"),
      },
      icon("send"),
    );
    const form = h(
      "form",
      {
        class: "td-compose",
        onsubmit: (event) => {
          event.preventDefault();
          this.send();
        },
      },
      h("span", { class: "td-field td-grow" }, this.input),
      button,
    );
    this.element = h("div", { class: "td-chat" }, this.empty, this.list, form);
    this.stop = call.on("chat", () => this.draw());
    this.draw();
  }

  send() {
    const text = this.input.value.trim();
    if (!text) return;
    this.input.value = "";
    this.grow();
    this.call.say(text);
    this.list.scrollTop = this.list.scrollHeight;
  }

  grow() {
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(120, this.input.scrollHeight + 2)}px`;
  }

  /** The view is shown: the newest message is what one wants to read. */
  shown() {
    this.list.scrollTop = this.list.scrollHeight;
    this.input.focus();
  }

  draw() {
    const lines = this.call.transcript.lines;
    const { list } = this;
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR;
    const keys = new Set(lines.map(({ key }) => key));
    for (const [key, { element }] of this.rows) {
      if (keys.has(key)) continue;
      element.remove();
      this.rows.delete(key);
    }
    lines.forEach((line, at) => {
      const row = this.rows.get(line.key) ?? this.newRow(line);
      if (list.children[at] !== row.element) list.insertBefore(row.element, list.children[at] ?? null);
      const state = line.failed ?? (line.pending ? this.words.say("chat.pending") : "");
      write(row.state, state);
      row.state.hidden = !state;
      row.element.classList.toggle("td-failed", Boolean(line.failed));
    });
    this.empty.hidden = lines.some(({ event }) => !event);
    if (atEnd) list.scrollTop = list.scrollHeight;
  }

  /** @param {Line} line */
  newRow(line) {
    const state = h("span", { class: "td-message-state" });
    const time = this.words.time(line.at);
    const element = line.event
      ? h(
          "div",
          { class: "td-event" },
          icon(line.event === "entered" ? "invite" : "people", 16),
          h("span", {}, this.words.say(`event.${line.event}.at`, { name: line.name, time })),
        )
      : h(
          "div",
          { class: line.mine ? "td-message td-mine" : "td-message" },
          h(
            "span",
            { class: "td-message-head" },
            h("b", {}, line.mine ? this.words.say("you") : line.name),
            " ",
            h("time", { datetime: line.at }, time),
          ),
          h("p", {}, line.text ?? ""),
          state,
        );
    set(element, "data-key", line.key);
    const row = { element, state };
    this.rows.set(line.key, row);
    return row;
  }
}
