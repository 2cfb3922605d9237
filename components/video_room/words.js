/**
 * What people read. Every word comes from Python (`labels.py`); here they only get their numbers, names and times.
 */

/** @typedef {Readonly<Record<string, string>>} Labels */

export class Words {
  /** @param {Labels} labels */
  constructor(labels) {
    this.labels = labels;
    this.locale = labels["locale"] || "fr-FR";
    this.zone = labels["time_zone"] || "Europe/Paris";
    // Made when first needed: the first of them costs the browser 40 ms and more.
    /** @type {Intl.PluralRules | null} */
    this.rules = null;
    /** @type {Intl.DateTimeFormat | null} */
    this.calendar = null;
  }

  /** @param {number} count */
  isOne(count) {
    this.rules ??= new Intl.PluralRules(this.locale);
    return this.rules.select(count) === "one";
  }

  /**
   * A moment in the house's time zone: `hour` « 10 », `minute` « 05 », `weekday` « lundi », `day`, `month` « novembre », `year`.
   * @param {Date} when
   * @returns {Record<string, string>}
   */
  parts(when) {
    this.calendar ??= new Intl.DateTimeFormat(this.locale, {
      weekday: "long",
      day: "numeric",
      month: "long",
      year: "numeric",
      hour: "2-digit",
      minute: "2-digit",
      timeZone: this.zone,
    });
    return Object.fromEntries(this.calendar.formatToParts(when).map(({ type, value }) => [type, value]));
  }

  /**
   * @param {string} key
   * @param {Record<string, string | number>} [values] for the `{places}` of the label
   */
  say(key, values = {}) {
    return (this.labels[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
  }

  /**
   * The singular or plural of `key` (`key.one`, `key.other`) for `count`.
   * @param {string} key
   * @param {number} count
   * @param {Record<string, string | number>} [values]
   */
  count(key, count, values = {}) {
    return this.say(`${key}.${this.isOne(count) ? "one" : "other"}`, { ...values, count });
  }

  /** @param {string} role as the server names it; nothing for one that has no word */
  role(role) {
    return this.labels[`role.${role}`] ?? "";
  }

  /**
   * How long ago, in minutes and hours: « 12 min », « 1 h 05 ».
   * @param {string} since ISO 8601
   */
  lasting(since) {
    const minutes = Math.max(0, Math.floor((Date.now() - Date.parse(since)) / 60000)) || 0;
    if (minutes < 1) return this.say("time.now");
    if (minutes < 60) return this.say("time.minutes", { minutes });
    return this.say("time.hours", { hours: Math.floor(minutes / 60), minutes: String(minutes % 60).padStart(2, "0") });
  }

  /**
   * The time of day: « 10:42 ».
   * @param {string} at ISO 8601
   */
  time(at) {
    const when = new Date(at);
    if (Number.isNaN(when.getTime())) return "";
    const { hour, minute } = this.parts(when);
    return `${hour}:${minute}`;
  }

  /**
   * An appointment as one says it: « Aujourd'hui à 10 h 30 », « Le lundi 23 novembre à 16 h ».
   * @param {string} at ISO 8601
   */
  appointment(at) {
    const when = new Date(at);
    if (Number.isNaN(when.getTime())) return "";
    const { weekday, day, month, year, hour, minute } = this.parts(when);
    const time = Number(minute)
      ? this.say("time.spoken", { hour: Number(hour), minute })
      : this.say("time.spoken_hour", { hour: Number(hour) });
    const today = this.parts(new Date());
    if (today.day === day && today.month === month && today.year === year) return this.say("time.today", { time });
    return this.say("time.day", { day: `${weekday} ${day} ${month}`, time });
  }
}

/** Words of a name that are titles, not names. */
const TITLES = /^(dr|docteur|m|mr|mme|monsieur|madame|pr|professeur)\.?$/i;

/**
 * Two letters for a person without picture: « Dr Claire MARTIN » gives « CM ».
 * @param {string} name
 */
export function initials(name) {
  const parts = name.split(/[\s'’-]+/).filter((part) => part && !TITLES.test(part));
  const first = parts[0]?.[0] ?? "";
  const last = parts.length > 1 ? parts[parts.length - 1][0] : "";
  return (first + last).toUpperCase();
}
