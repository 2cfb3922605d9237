/**
 * What is given up on the sending side when our line does not carry everything: first the shared screen with its sound, then
 * the size of the face, then the face. Voice and stethoscope are never among it. The unit does the same for each viewer
 * (app/media/ladder.py).
 */

/** @typedef {import("./topology.js").Topology} Topology */
/** @typedef {import("./line_facts.js").Line} Line */
/** @typedef {"all" | "screen-small" | "screen-off" | "half" | "quarter" | "voice"} Step */

/** In the order in which they are taken. @type {readonly Step[]} */
export const STEPS = ["all", "screen-small", "screen-off", "half", "quarter", "voice"];
/** Too much is lost, or there is not even room for a small face; beside a screen, none for a good one. In bits a second. */
const BAD = { loss: 0.1, beside: 250_000, room: 120_000, quarter: 90_000 };
/** So much is lost that the voice itself is torn: a screen goes as a whole, and soon; where reports drown (below), at once. */
const FLOODED = { loss: 0.4, after: 1000 };
const GOOD = { loss: 0.03 };
/**
 * An end that gets pictures reports on them every second. On a flooded line its reports drown, and what the browser
 * believes stays as it was: after so long without any, the line is bad, and no good one before it is heard again. In ms.
 */
const UNHEARD = 3000;
/**
 * Room for the next step up, in bits a second: a step is not taken back into a line that is known to be too narrow. More
 * cannot be asked for: a browser that sends little believes in little room.
 */
const NEEDS = { all: 250_000, "screen-small": 300_000, "screen-off": 250_000, half: 150_000, quarter: 0, voice: 0 };
/**
 * A voice is well understood with this much of Opus, in bits a second: where it is sent twice (RED, through the unit) and
 * each packet has its headers, less is what lets all of it arrive.
 * @type {Partial<Record<Step, number>>}
 */
const LEAN = { quarter: 24_000, voice: 20_000 };
/** Before the next step down; before a step up is tried, twice as long after each try that failed; in ms. */
const DOWN_AFTER = 3000;
const UP_AFTER = { least: 10_000, most: 80_000 };
/** A try up failed when its line is bad again within this, and what it takes to be sure of that. */
const TRIED = 8000;

export class Sacrifice {
  constructor() {
    /** @type {Step} */
    this.step = "all";
    this.badSince = 0;
    this.goodSince = 0;
    this.changed = -Infinity;
    this.wentUp = false;
    this.pause = UP_AFTER.least;
  }

  /**
   * @param {Line} line what our line carries now; while nothing is connected a bad line stays what it was
   * @param {boolean} screen a screen is shared
   * @param {number} now ms
   * @returns {Step}
   */
  look({ loss, room, unheard, measured }, screen, now) {
    const isBeside = screen && STEPS.indexOf(this.step) < STEPS.indexOf("screen-off");
    const least = isBeside ? BAD.beside : this.step === "quarter" ? BAD.quarter : BAD.room;
    const tight = room !== null && room < least && this.step !== "voice";
    // After a step up the browser's estimate takes its time to grow: only loss tells at once that it was one too many.
    const growing = this.wentUp && now - this.changed < TRIED;
    const drowned = unheard > UNHEARD;
    const bad = loss > BAD.loss || (tight && !growing) || drowned;
    const good = loss < GOOD.loss && !drowned && (room === null || room >= NEEDS[this.next(-1, screen)]);
    if (measured || bad) this.badSince = bad ? this.badSince || now : 0;
    this.goodSince = good ? this.goodSince || now : 0;
    const flooded = loss > FLOODED.loss && now - this.badSince >= FLOODED.after;
    if (isBeside && (flooded || drowned)) this.move("screen-off", now, false);
    else if (bad && now - this.badSince >= DOWN_AFTER && now - this.changed >= DOWN_AFTER) {
      if (this.wentUp && now - this.changed < TRIED + 2 * DOWN_AFTER) this.pause = Math.min(UP_AFTER.most, 2 * this.pause);
      // With no room even for a face a small screen, and its sound, only take the voice's.
      this.move(isBeside && room !== null && room < BAD.room ? "screen-off" : this.next(1, screen), now, false);
    } else if (good && this.step !== "all" && now - Math.max(this.goodSince, this.changed) >= this.pause) {
      this.move(this.next(-1, screen), now, true);
    }
    if (this.step === "all" && this.goodSince && now - this.goodSince > UP_AFTER.most) this.pause = UP_AFTER.least;
    return this.step;
  }

  /**
   * @param {1 | -1} way
   * @param {boolean} screen without one its steps are none
   * @returns {Step}
   */
  next(way, screen) {
    let at = STEPS.indexOf(this.step) + way;
    while (!screen && (STEPS[at] === "screen-small" || STEPS[at] === "screen-off")) at += way;
    return STEPS[Math.max(0, Math.min(STEPS.length - 1, at))];
  }

  /**
   * @param {Step} step
   * @param {number} now
   * @param {boolean} up
   */
  move(step, now, up) {
    if (step === this.step) return;
    this.step = step;
    this.changed = now;
    this.badSince = this.goodSince = 0;
    this.wentUp = up;
  }
}

/** @typedef {{active?: boolean, maxBitrate?: number, scaleResolutionDownBy?: number}} Wanted */
/** What each sender was set to when nothing was given up, and what it was put to last. */
/** @type {WeakMap<RTCRtpSender, {first: Wanted[], step: string}>} */
const senders = new WeakMap();

/**
 * Put every sender to what is left; one that was put there already is not touched.
 * @param {Topology} topology
 * @param {Step} step
 * @param {Record<import("./sources.js").AuxSource, string>} contents what is sent beside face and voice: a camera of an
 *   examination is kept like the face
 */
export async function apply(topology, step, contents) {
  const links = [...topology.peers.links.values()].flatMap(({ lines, state }) =>
    state === "connected" ? [...lines].map(([source, { sender }]) => ({ source, sender })) : [],
  );
  const legs = (topology.unit?.legs ?? []).flatMap((leg) =>
    leg.state === "connected" ? [...leg.senders].map(([source, sender]) => ({ source, sender })) : [],
  );
  for (const { source, sender } of [...links, ...legs]) {
    const isScreen = (source === "aux-video" || source === "aux-audio") && contents[source] === "screen";
    const role = !isScreen ? source : source === "aux-video" ? "screen" : "screen-sound";
    await put(sender, role, step).catch(() => undefined); // being renegotiated: at the next look
  }
}

/**
 * @param {RTCRtpSender} sender
 * @param {string} role
 * @param {Step} step
 */
async function put(sender, role, step) {
  const known = senders.get(sender);
  if (known?.step === `${role} ${step}`) return;
  const parameters = sender.getParameters();
  if (!parameters.encodings?.length) return;
  const first = known?.first ?? parameters.encodings.map(kept);
  const priority = role === "audio" || role === "aux-audio" ? "high" : role.startsWith("screen") ? "very-low" : "low";
  parameters.encodings.forEach((encoding, at) => {
    // What had no bound before has none again.
    delete encoding.maxBitrate;
    delete encoding.scaleResolutionDownBy;
    Object.assign(encoding, wanted(first[at] ?? first[0], at, first.length, role, step));
    encoding.priority = encoding.networkPriority = priority;
  });
  await sender.setParameters(parameters);
  senders.set(sender, { first, step: `${role} ${step}` });
}

/**
 * @param {RTCRtpEncodingParameters} encoding
 * @returns {Wanted} what may be changed of it; a field that it does not have stays away
 */
function kept({ active, maxBitrate, scaleResolutionDownBy }) {
  return { active, ...(maxBitrate && { maxBitrate }), ...(scaleResolutionDownBy && { scaleResolutionDownBy }) };
}

/**
 * What one encoding of a picture or a sound becomes at a step.
 * @param {Wanted} first when nothing is given up
 * @param {number} at which layer, the smallest first
 * @param {number} layers how many there are
 * @param {string} role `screen`, `screen-sound`, or the source
 * @param {Step} step
 * @returns {Wanted}
 */
export function wanted(first, at, layers, role, step) {
  const down = STEPS.indexOf(step);
  if (role === "aux-audio") return first;
  if (role === "audio") {
    const maxBitrate = LEAN[step];
    return maxBitrate ? { ...first, maxBitrate } : first;
  }
  if (role === "screen" || role === "screen-sound") {
    if (down === 0) return first;
    const most = role === "screen" ? 200_000 : 32_000;
    return { ...first, active: step === "screen-small" && first.active, maxBitrate: most };
  }
  if (down < STEPS.indexOf("half")) return first;
  if (step === "voice") return { ...first, active: false };
  const most = step === "half" ? 300_000 : 110_000;
  if (layers > 1 && at > 0) return { ...first, active: false }; // the smallest layer is the half size
  const times = layers > 1 ? (step === "half" ? 1 : 2) : step === "half" ? 2 : 4;
  return {
    ...first,
    scaleResolutionDownBy: (first.scaleResolutionDownBy ?? 1) * times,
    maxBitrate: Math.min(most, first.maxBitrate ?? most),
  };
}
