/** Inviting somebody by mail, and following what became of it. */
import { h, set, write } from "./dom.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./call.js").Call} Call */
/** @typedef {import("./call.js").Invitation} Invitation */

const ROLES = ["caregiver", "patient", "professional"];
/** States in which the link still opens the door. */
const OPEN_STATES = ["sending", "sent", "opened", "waiting", "failed", "left"];

export class InviteView {
  /**
   * @param {Words} words
   * @param {Call} call
   */
  constructor(words, call) {
    this.words = words;
    this.call = call;
    this.channel = "email";
    this.sentKey = "";
    const email = h("button", { type: "button", "aria-pressed": "true" }, words.say("invite.email"));
    const channels = h(
      "div",
      { class: "td-seg-wide", role: "group", "aria-label": words.say("invite.channel") },
      email,
    );
    this.address = h("input", {
      type: "email",
      required: true,
      autocomplete: "off",
      maxlength: 254,
      placeholder: words.say("invite.address.example"),
    });
    this.name = h("input", { type: "text", required: true, autocomplete: "off", maxlength: 120 });
    this.role = h("select", {}, ...ROLES.map((role) => h("option", { value: role }, words.role(role))));
    this.error = h("p", { class: "td-error", role: "alert", hidden: true });
    this.done = h("p", { class: "td-small", role: "status" });
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
      field(words.say("invite.address"), this.address),
      field(words.say("invite.name"), this.name),
      field(words.say("invite.role"), this.role, true),
      this.error,
      h("button", { type: "submit", class: "td-btn td-btn-primary td-wide" }, words.say("invite.send")),
      this.done,
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
    this.stops = [call.on("invitations", () => this.draw()), call.on("problem", (problem) => this.refused(problem))];
    this.draw();
  }

  stop() {
    for (const stop of this.stops) stop();
  }

  shown() {
    this.address.focus();
  }

  send() {
    const [address, name] = [this.address.value.trim(), this.name.value.trim()];
    const wrong = !address || !this.address.checkValidity() ? this.address : !name ? this.name : null;
    for (const input of [this.address, this.name]) set(input, "aria-invalid", input === wrong ? "true" : null);
    this.error.hidden = !wrong;
    if (wrong) {
      write(this.error, this.words.say(wrong === this.address ? "invite.address.wrong" : "invite.name.wrong"));
      wrong.focus();
      return;
    }
    this.sentKey = this.call.invite({ channel: this.channel, address, name, role: this.role.value });
    write(this.done, this.words.say("invite.sent", { name }));
    this.address.value = this.name.value = "";
    this.address.focus();
  }

  /** @param {{about?: string, key?: string, message: string}} problem */
  refused(problem) {
    if (problem.about !== "invite" && problem.about !== "withdraw") return;
    write(this.done, "");
    write(this.error, problem.message);
    this.error.hidden = false;
  }

  draw() {
    const { invitations } = this.call;
    this.listBox.hidden = invitations.length === 0;
    write(this.count, String(invitations.length));
    this.list.replaceChildren(...invitations.map((invitation) => this.row(invitation)));
  }

  /** @param {Invitation} invitation */
  row({ id, name, role, address, state, message }) {
    const { words } = this;
    const warm = state === "failed";
    const chip = h(
      "span",
      {
        class:
          state === "inside" || state === "waiting"
            ? "td-chip"
            : warm
              ? "td-chip td-chip-warm"
              : "td-chip td-chip-grey",
      },
      words.say(`invite.state.${state}`),
    );
    const withdraw = OPEN_STATES.includes(state)
      ? h(
          "button",
          {
            type: "button",
            class: "td-btn td-btn-text",
            "aria-label": words.say("invite.withdraw.long", { name }),
            onclick: () => this.call.withdraw(id),
          },
          words.say("invite.withdraw"),
        )
      : null;
    return h(
      "li",
      {},
      h(
        "span",
        { class: "td-invitation-who" },
        h("b", {}, name),
        h("small", {}, `${words.role(role)} · ${address}`),
        message ? h("small", { class: "td-invitation-why" }, message) : null,
      ),
      chip,
      withdraw,
    );
  }
}

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
