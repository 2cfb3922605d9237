/** Inviting somebody by mail, by SMS or by a link shown on the spot, and following what became of it. */
import { confirm } from "./confirm.js";
import { h, set, write } from "./dom.js";
import { drawQr } from "./qr.js";
import { newKey } from "./transcript.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./call.js").Call} Call */
/** @typedef {import("./call.js").Invitation} Invitation */
/** @typedef {"email" | "sms" | "link"} Channel */

const ROLES = ["patient", "caregiver", "professional"];
/** @type {readonly Channel[]} */
const CHANNELS = ["email", "sms", "link"];
/** States in which the link still opens the door. */
const OPEN_STATES = ["sending", "sent", "opened", "waiting", "inside", "failed", "left", "handed"];
/** States in which one may want it to be sent again. */
const SENT_STATES = ["sent", "opened", "failed", "left", "handed", "expired"];
const SOON = 2 * 3600_000;

export class InviteView {
  /**
   * @param {Words} words
   * @param {Call} call
   */
  constructor(words, call) {
    this.words = words;
    this.call = call;
    /** @type {Channel} */
    this.channel = "email";
    this.sentKey = "";
    this.channels = CHANNELS.map((channel) =>
      h("button", { type: "button", onclick: () => this.choose(channel) }, words.say(`invite.${channel}`)),
    );
    const channels = h(
      "div",
      { class: "td-seg-wide", role: "group", "aria-label": words.say("invite.channel") },
      ...this.channels,
    );
    this.address = h("input", { required: true, autocomplete: "off", maxlength: 254 });
    this.addressLabel = h("span", { class: "td-lab" });
    this.addressField = h("label", { class: "td-field" }, this.addressLabel, this.address);
    this.name = h("input", { type: "text", required: true, autocomplete: "off", maxlength: 120 });
    this.role = h("select", {}, ...ROLES.map((role) => h("option", { value: role }, words.role(role))));
    this.error = h("p", { class: "td-error", role: "alert", hidden: true });
    this.done = h("p", { class: "td-small", role: "status" });
    this.submit = h("button", { type: "submit", class: "td-btn td-btn-primary td-wide" });
    this.shownLink = h("div", { class: "td-link", hidden: true });
    this.form = h(
      "form",
      {
        class: "td-invite-form",
        novalidate: true,
        onsubmit: (event) => {
          event.preventDefault();
          this.send();
        },
      },
      channels,
      this.addressField,
      field(words.say("invite.name"), this.name),
      field(words.say("invite.role"), this.role, true),
      this.error,
      this.submit,
      this.done,
      this.shownLink,
    );

    this.count = h("span", { class: "td-count" }, "0");
    this.list = h("ul", { class: "td-invitations" });
    this.listBox = h(
      "section",
      { class: "td-invitations-box", "aria-label": words.say("invite.list") },
      h("h4", {}, words.say("invite.list"), " ", this.count),
      this.list,
    );
    this.element = h("div", { class: "td-invite" }, this.form, this.listBox);
    this.stops = [
      call.on("invitations", () => this.draw()),
      call.on("problem", (problem) => this.refused(problem)),
      call.on("said:invited", (message) => this.invited(message)),
      call.on("said:link", (message) => this.showLink(message)),
    ];
    this.choose("email");
    this.draw();
  }

  stop() {
    for (const stop of this.stops) stop();
  }

  shown() {
    (this.addressField.hidden ? this.name : this.address).focus();
  }

  /** @param {Channel} channel */
  choose(channel) {
    this.channel = channel;
    this.channels.forEach((button, at) => set(button, "aria-pressed", String(CHANNELS[at] === channel)));
    this.addressField.hidden = channel === "link";
    set(this.address, "type", channel === "sms" ? "tel" : "email");
    const example = channel === "sms" ? "invite.mobile.example" : "invite.address.example";
    set(this.address, "placeholder", this.words.say(example));
    set(this.address, "aria-invalid", null);
    write(this.addressLabel, this.words.say(channel === "sms" ? "invite.mobile" : "invite.address"));
    write(this.submit, this.words.say(channel === "link" ? "invite.make" : "invite.send"));
    this.error.hidden = true;
  }

  send() {
    const [address, name] = [this.channel === "link" ? "" : this.address.value.trim(), this.name.value.trim()];
    const wrongAddress = this.channel !== "link" && (!address || !this.address.checkValidity());
    const wrong = wrongAddress ? this.address : !name ? this.name : null;
    for (const input of [this.address, this.name]) set(input, "aria-invalid", input === wrong ? "true" : null);
    this.error.hidden = !wrong;
    if (wrong) {
      const address = this.channel === "sms" ? "invite.mobile.wrong" : "invite.address.wrong";
      write(this.error, this.words.say(wrong === this.name ? "invite.name.wrong" : address));
      wrong.focus();
      return;
    }
    this.shownLink.hidden = true;
    this.sentKey = this.call.invite({ channel: this.channel, address, name, role: this.role.value });
    write(this.done, this.words.say("invite.sent", { name }));
    this.address.value = this.name.value = "";
    this.shown();
  }

  /** @param {{about?: string, key?: string, message: string}} problem */
  refused(problem) {
    if (!ABOUT.includes(problem.about ?? "")) return;
    write(this.done, "");
    write(this.error, problem.message);
    this.error.hidden = false;
  }

  /**
   * The server still knows the link of what was just sent: it can be shown to who is here.
   * @param {{invitation: string, key: string}} message
   */
  invited({ invitation, key }) {
    if (key !== this.sentKey) return;
    const ask = () => this.call.line.send({ t: "link", invitation });
    if (this.channel === "link") ask();
    const text = this.words.say("invite.link.show");
    this.shownLink.replaceChildren(h("button", { type: "button", class: "td-btn td-wide", onclick: ask }, text));
    this.shownLink.hidden = false;
  }

  /** @param {{link: string, qr: string[], expires: string}} message */
  showLink({ link, qr, expires }) {
    const { words } = this;
    const told = h("span", { class: "td-small", role: "status" });
    const copy = async () => {
      try {
        await navigator.clipboard.writeText(link);
        write(told, words.say("invite.link.copied"));
      } catch {
        text.focus();
        text.select();
        write(told, words.say("invite.link.copy.self"));
      }
    };
    const text = h("input", { type: "text", readonly: true, value: link, "aria-label": words.say("invite.link") });
    this.shownLink.replaceChildren(
      drawQr(qr, words.say("invite.link.qr")),
      h("p", { class: "td-small" }, words.say("invite.link.text"), " ", this.until(expires)),
      h("span", { class: "td-field" }, text),
      h("button", { type: "button", class: "td-btn td-wide", onclick: () => void copy() }, words.say("invite.link.copy")),
      told,
    );
    this.shownLink.hidden = false;
  }

  /** @param {string} expires ISO 8601 */
  until(expires) {
    const { day, month } = this.words.parts(new Date(expires));
    return this.words.say("invite.until", { day, month, time: this.words.time(expires) });
  }

  draw() {
    const { invitations } = this.call;
    this.listBox.hidden = invitations.length === 0;
    write(this.count, String(invitations.length));
    this.list.replaceChildren(...invitations.map((invitation) => this.row(invitation)));
  }

  /** @param {Invitation} invitation */
  row(invitation) {
    const { name, role, address, state, message, expires } = invitation;
    const { words } = this;
    const style = state === "inside" || state === "waiting" ? "" : state === "failed" ? " td-chip-warm" : " td-chip-grey";
    const facts = [words.role(role), address].filter(Boolean).join(" · ");
    const open = OPEN_STATES.includes(state);
    return h(
      "li",
      {},
      h(
        "span",
        { class: "td-invitation-who" },
        h("b", {}, name),
        h("small", {}, facts),
        open && expires ? h("small", {}, this.until(expires)) : null,
        message ? h("small", { class: "td-invitation-why" }, message) : null,
      ),
      h("span", { class: `td-chip${style}` }, words.say(`invite.state.${state}`)),
      h("span", { class: "td-invitation-acts" }, ...this.acts(invitation)),
    );
  }

  /**
   * @param {Invitation} invitation
   * @returns {HTMLElement[]}
   */
  acts({ id, name, state, expires }) {
    const { call } = this;
    const acts = [];
    const over = state === "expired" || (OPEN_STATES.includes(state) && Date.parse(expires ?? "") - Date.now() < SOON);
    if (SENT_STATES.includes(state)) acts.push(this.act("resend", name, () => this.resend(id, name)));
    if (over) acts.push(this.act("extend", name, () => call.line.send({ t: "extend", invitation: id })));
    if (OPEN_STATES.includes(state))
      acts.push(this.act("withdraw", name, () => (state === "inside" ? this.askOut(id, name) : call.withdraw(id))));
    return acts;
  }

  /**
   * @param {"resend" | "extend" | "withdraw"} what
   * @param {string} name
   * @param {() => void} act
   */
  act(what, name, act) {
    const label = this.words.say(`invite.${what}.long`, { name });
    return h(
      "button",
      { type: "button", class: "td-btn td-btn-text", "aria-label": label, onclick: act },
      this.words.say(`invite.${what}`),
    );
  }

  /**
   * @param {string} invitation
   * @param {string} name
   */
  resend(invitation, name) {
    this.error.hidden = true;
    this.sentKey = newKey();
    this.call.line.send({ t: "resend", invitation, key: this.sentKey });
    write(this.done, this.words.say("invite.sent", { name }));
  }

  /**
   * They are in the call: taking the invitation back puts them out.
   * @param {string} id
   * @param {string} name
   */
  askOut(id, name) {
    const { words } = this;
    const question = {
      title: words.say("invite.withdraw.inside", { name }),
      text: words.say("invite.withdraw.inside.text"),
      stay: words.say("confirm.cancel"),
      go: words.say("invite.withdraw.inside.go"),
    };
    confirm(this.element, question, () => this.call.withdraw(id));
  }
}

/** What the server may refuse here. */
const ABOUT = ["invite", "withdraw", "resend", "extend", "link"];

/**
 * @param {string} label
 * @param {HTMLElement} control
 * @param {boolean} [select]
 */
function field(label, control, select = false) {
  return h(
    "label",
    { class: select ? "td-field td-field-select" : "td-field" },
    h("span", { class: "td-lab" }, label),
    control,
  );
}
