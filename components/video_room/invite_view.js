/** Inviting somebody by mail, by SMS or by a link shown on the spot, and following what became of it. */
import { h, set, write } from "./dom.js";
import { InvitationList, until } from "./invite_list.js";
import { drawQr } from "./qr.js";
import { newKey } from "./transcript.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./call.js").Call} Call */
/** @typedef {"email" | "sms" | "link"} Channel */
/** @typedef {{key: string, channel: Channel, address: string, name: string}} Sent */

const ROLES = ["patient", "caregiver", "professional"];
/** @type {readonly Channel[]} */
const CHANNELS = ["email", "sms", "link"];

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
    /** @type {Sent | null} what was asked for last, until it is refused */
    this.sent = null;
    /** Of which invitation the link is to be shown. */
    this.wanted = "";
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

    this.list = new InvitationList(words, call, (id, name) => this.resend(id, name));
    this.element = h("div", { class: "td-invite" }, this.form, this.list.element);
    this.stops = [
      call.on("invitations", () => this.list.draw()),
      call.on("problem", (problem) => this.refused(problem)),
      call.on("said:invited", (message) => this.invited(message)),
      call.on("said:link", (message) => this.showLink(message)),
    ];
    this.choose("email");
    this.list.draw();
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
    this.sent = { key: this.sentKey, channel: this.channel, address, name };
    this.wanted = "";
    write(this.done, this.words.say("invite.sent", { name }));
    this.address.value = this.name.value = "";
    this.shown();
  }

  /** @param {{about?: string, key?: string, message: string}} problem */
  refused(problem) {
    if (!ABOUT.includes(problem.about ?? "")) return;
    if (problem.key && problem.key === this.sent?.key) this.giveBack(this.sent);
    write(this.done, "");
    write(this.error, problem.message);
    this.error.hidden = false;
    this.error.scrollIntoView({ block: "nearest" });
  }

  /**
   * What was refused is there again to be corrected, unless something else is being written.
   * @param {Sent} sent
   */
  giveBack({ channel, address, name }) {
    this.sent = null;
    if (this.address.value || this.name.value) return;
    if (channel !== this.channel) this.choose(channel);
    this.address.value = address;
    this.name.value = name;
  }

  /**
   * The server still knows the link of what was just sent: it can be shown to who is here.
   * @param {{invitation: string, key: string}} message
   */
  invited({ invitation, key }) {
    if (key !== this.sentKey) return;
    const ask = () => {
      this.wanted = invitation;
      this.call.line.send({ t: "link", invitation });
    };
    if (this.sent?.key === key && this.sent.channel === "link") ask();
    const text = this.words.say("invite.link.show");
    this.shownLink.replaceChildren(h("button", { type: "button", class: "td-btn td-wide", onclick: ask }, text));
    this.shownLink.hidden = false;
  }

  /** @param {{invitation: string, link: string, qr: string[], expires: string}} message */
  showLink({ invitation, link, qr, expires }) {
    const { words } = this;
    if (String(invitation) !== String(this.wanted)) return; // somebody else's: another has been invited meanwhile
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
      h("p", { class: "td-small" }, words.say("invite.link.text"), " ", until(words, expires)),
      h("span", { class: "td-field" }, text),
      h("button", { type: "button", class: "td-btn td-wide", onclick: () => void copy() }, words.say("invite.link.copy")),
      told,
    );
    this.shownLink.hidden = false;
  }

  /**
   * @param {string} invitation
   * @param {string} name
   */
  resend(invitation, name) {
    this.error.hidden = this.shownLink.hidden = true;
    this.wanted = "";
    this.sentKey = newKey();
    this.call.line.send({ t: "resend", invitation, key: this.sentKey });
    write(this.done, this.words.say("invite.sent", { name }));
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
