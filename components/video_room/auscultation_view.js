/** The panel « Auscultation »: letting hear our own stethoscope, and one part for each person who lets hear theirs. */
import { Sending } from "./auscultation_send.js";
import { Listening } from "./auscultation_listen.js";
import { h } from "./dom.js";

/** @typedef {import("./tools.js").Context} Context */

export class AuscultationView {
  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    this.sending = new Sending(context);
    /** @type {Map<string, Listening>} */
    this.heard = new Map();
    this.others = h("div", { class: "td-source-heard" });
    this.nobody = h("p", { class: "td-small" }, context.words.say("auscultation.nobody"));
    this.element = h("div", { class: "td-source" }, this.others, this.nobody, this.sending.element);
    this.stops = [context.call.on("people link", () => this.draw())];
    this.draw();
  }

  stop() {
    for (const stop of this.stops) stop();
    this.sending.stop();
    for (const id of [...this.heard.keys()]) this.drop(id);
  }

  shown() {
    this.sending.shown();
    for (const listening of this.heard.values()) listening.wake();
  }

  draw() {
    const { people } = this.context.call;
    for (const id of this.heard.keys()) if (!people.get(id)?.auscultation) this.drop(id);
    for (const person of people.values()) {
      if (!person.auscultation) continue;
      const listening = this.heard.get(person.id) ?? this.listen(person);
      listening.draw(person);
    }
    this.nobody.hidden = this.heard.size > 0 || this.context.aux.auscultates;
  }

  /** @param {import("./call.js").Person} person */
  listen(person) {
    const listening = new Listening(this.context, person);
    this.heard.set(person.id, listening);
    this.others.append(listening.element);
    return listening;
  }

  /** @param {string} id */
  drop(id) {
    const listening = this.heard.get(id);
    listening?.stop();
    listening?.element.remove();
    this.heard.delete(id);
  }
}
