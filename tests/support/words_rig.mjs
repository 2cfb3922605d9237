/** Words between pages, sources and aux without a browser: `node words_rig.mjs SCENARIO` prints what came of it, as JSON. */
const [{ PeerWords }, { linesOf }, { Aux }] = await Promise.all(
  ["peer_words", "sources", "aux"].map((name) => import(`../../components/video_room/${name}.js`)),
);
const point = { t: "point", on: "still-1", x: 0.5, y: 0.25 };

/** @param {any} word as another page might send it */
const heard = (word, text = JSON.stringify(word)) => new PeerWords().read("a.1", text, 0) !== null;

/** @param {"audio" | "video"} kind */
const track = (kind) => ({ kind, stopped: false, contentHint: "", onended: null, stop() { this.stopped = true; } });

const scenarios = {
  refused: () => JSON.parse(process.argv[3]).map((word) => heard(word, typeof word === "string" ? word : undefined)),
  twice() {
    const words = new PeerWords();
    const text = JSON.stringify({ ...point, n: 5 });
    const late = JSON.stringify({ ...point, n: 4 });
    return [text, text, late].map((each) => words.read("a.1", each, 0) !== null).concat(words.read("b.1", text, 0) !== null);
  },
  flood() {
    const words = new PeerWords();
    const count = (from, now) => {
      let taken = 0;
      for (let n = 0; n < 500; n += 1) taken += words.read(from, JSON.stringify({ ...point, n: now + n }), now) ? 1 : 0;
      return taken;
    };
    return { atOnce: count("a.1", 0), aSecondLater: count("a.1", 1000), another: count("b.1", 1000) };
  },
  said() {
    const words = new PeerWords();
    const texts = Array.from({ length: 100 }, () => words.write(point, 0)).filter((text) => text !== null);
    const numbers = texts.map((text) => JSON.parse(text).n);
    return {
      atOnce: texts.length,
      ascending: numbers.every((n, at) => at === 0 || n === numbers[at - 1] + 1),
      wrong: words.write({ t: "point", on: "still-1", x: 2, y: 0 }, 10_000),
      unknown: words.write({ t: "admit" }, 10_000),
      later: words.write(point, 10_000) !== null,
    };
  },
  lines() {
    const sdp = ["video", "audio", "application", "audio", "video", "audio"].map((kind, at) => `m=${kind} 9 X 1\r\na=mid:${at}\r\n`);
    return Object.fromEntries(linesOf(`v=0\r\n${sdp.join("")}`));
  },
  aux() {
    const aux = new Aux();
    const steps = [];
    aux.on("changed", ({ source }) => steps.push(source));
    aux.on("ended", ({ content }) => steps.push(`ended ${content}`));
    const screen = [track("video"), track("audio")];
    aux.start("screen", screen);
    const first = { ...aux.words };
    const camera = track("video");
    aux.start("camera", [camera]);
    const second = { ...aux.words, stopped: screen.map(({ stopped }) => stopped), hint: camera.contentHint };
    aux.start("auscultation", [track("audio")]);
    const third = { ...aux.words };
    camera.onended();
    return { first, second, third, last: aux.words, steps };
  },
};
console.log(JSON.stringify(scenarios[process.argv[2]]()));
