/** What is true now of what the browser's statistics keep. */

/** What the other end last said of a stream that rests stays in the statistics for ever: it says nothing of now. In ms. */
const STALE = 6000;

/**
 * What the other end says now of what we send.
 * @param {RTCStatsReport} stats
 * @returns {any[]} of type remote-inbound-rtp
 */
export function toldNow(stats) {
  /** @type {any[]} */
  const told = [];
  let newest = 0;
  stats.forEach((each) => {
    newest = Math.max(newest, each.timestamp ?? 0);
    if (each.type === "remote-inbound-rtp") told.push(each);
  });
  return told.filter(({ timestamp }) => newest - (timestamp ?? newest) < STALE);
}
