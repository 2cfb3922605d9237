/** What became of each invitation, and what can be done about it: send it again, prolong it, take it back. */
import { confirm } from "./confirm.js";
import { h, write } from "./dom.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./call.js").Call} Call */
/** @typedef {import("./call.js").Invitation} Invitation */

/** States in which the link still opens the door. */
const OPEN_STATES = ["sending", "sent", "opened", "waiting", "inside", "failed", "left", "handed"];
/** States in which one may want it to be sent again. */
const SENT_STATES = ["sent", "opened", "failed", "left", "handed", "expired"];
const SOON = 2 * 3600_000;

export class InvitationList {
  /**
   * @param {Words} words
   * @param {Call} call
   * @param {(id: string, name: string) => void} resend
   */
  constructor(words, call, resend) {
    this.words = words;
    this.call = call;
    this.resend = resend;
    this.count = h("span", { class: "td-count" }, "0");
    this.list = h("ul", { class: "td-invitations" });
    this.element = h(
      "section",
      { class: "td-invitations-box", "aria-label": words.say("invite.list") },
      h("h4", {}, words.say("invite.list"), " ", this.count),
      this.list,
    );
  }

  /** A row that says the same stays, with the focus or the finger on it; the focus finds its button again on one that changed. */
  draw() {
    const { invitations } = this.call;
    this.element.hidden = invitations.length === 0;
    write(this.count, String(invitations.length));
    const root = /** @type {Document | ShadowRoot} */ (this.list.getRootNode());
    const focused = root.activeElement;
    const place = this.list.contains(focused) ? placeOf(focused) : "";
    const before = [...this.list.children];
    const rows = invitations.map((invitation) => {
      const drawn = this.row(invitation);
      return before.find((one) => one.isEqualNode(drawn)) ?? drawn;
    });
    for (const row of before) if (!rows.includes(row)) row.remove(); // first, so that those that stay are not moved
    rows.forEach((row, at) => {
      if (this.list.children[at] !== row) this.list.insertBefore(row, this.list.children[at] ?? null);
    });
    if (place && root.activeElement !== focused)
      [...this.list.querySelectorAll("button")].find((button) => placeOf(button) === place)?.focus();
  }

  /**
   * What it does depends on nothing but what it shows: `draw` takes an equal row for the same.
   * @param {Invitation} invitation
   */
  row(invitation) {
    const { id, name, role, address, state, message, expires } = invitation;
    const { words } = this;
    const style = state === "inside" || state === "waiting" ? "" : state === "failed" ? " td-chip-warm" : " td-chip-grey";
    const facts = [words.role(role), address].filter(Boolean).join(" · ");
    const open = OPEN_STATES.includes(state);
    return h(
      "li",
      { "data-id": id },
      h(
        "span",
        { class: "td-invitation-who" },
        h("b", {}, name),
        h("small", {}, facts),
        open && expires ? h("small", {}, until(this.words, expires)) : null,
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
      { type: "button", class: "td-btn td-btn-text", "aria-label": label, "data-act": what, onclick: act },
      this.words.say(`invite.${what}`),
    );
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

/** Which button of which invitation. @param {Element | null} button */
function placeOf(button) {
  return `${button?.closest("li")?.getAttribute("data-id")} ${button?.getAttribute("data-act")}`;
}

/**
 * @param {Words} words
 * @param {string} expires ISO 8601
 */
export function until(words, expires) {
  const { day, month } = words.parts(new Date(expires));
  return words.say("invite.until", { day, month, time: words.time(expires) });
}
