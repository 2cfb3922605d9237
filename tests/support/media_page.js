// A page that is in a room through the forwarding unit; `ask` (exposed by the test) carries the control channel.

async function enter(room, name, { red = true, simulcast = true, slots = 3, width = 1280, height = 720 } = {}) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width, height, frameRate: 30 } });
  const pc = (window.pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" }));
  const layers = [
    { rid: "l", maxBitrate: 150_000, scaleResolutionDownBy: 4 },
    { rid: "h", maxBitrate: 1_000_000 },
  ];
  pc.addTransceiver(stream.getAudioTracks()[0], { direction: "sendonly", streams: [stream] });
  const sendEncodings = simulcast ? layers : [{ maxBitrate: 1_000_000 }];
  pc.addTransceiver(stream.getVideoTracks()[0], { direction: "sendonly", streams: [stream], sendEncodings });
  for (const kind of ["audio", "video"]) pc.addTransceiver(kind, { direction: "sendonly" });
  for (const kind of ["audio", "video"])
    for (let i = 0; i < slots; i++) {
      const transceiver = pc.addTransceiver(kind, { direction: "recvonly" });
      const codecs = RTCRtpReceiver.getCapabilities("audio").codecs.filter((codec) => codec.mimeType !== "audio/red");
      if (kind === "audio" && !red) transceiver.setCodecPreferences(codecs);
    }
  window.messages = [];
  window.channel = pc.createDataChannel("room");
  channel.onmessage = (event) => messages.push(JSON.parse(event.data));
  pc.ontrack = ({ track }) => play(track);
  await pc.setLocalDescription();
  window.room = { room, peer: name };
  await renew();
}

async function renew() {
  const answer = await ask("join", { ...room, offer: pc.localDescription.sdp });
  await pc.setRemoteDescription({ type: "answer", sdp: answer.answer });
}

async function restart() {
  await pc.setLocalDescription(await pc.createOffer({ iceRestart: true }));
  await renew();
}

function play(track) {
  const element = document.createElement(track.kind);
  Object.assign(element, { autoplay: true, muted: track.kind === "video", srcObject: new MediaStream([track]) });
  document.body.append(element);
  element.play().catch(() => {});
}

// What comes in and goes out, without what is empty.
async function figures() {
  const found = { in: [], out: [], state: pc.connectionState };
  const report = await pc.getStats();
  for (const entry of report.values()) {
    if (entry.type === "inbound-rtp" && entry.packetsReceived) found.in.push(entry);
    if (entry.type === "outbound-rtp" && entry.packetsSent) found.out.push(entry);
    if (entry.type === "candidate-pair" && entry.nominated) found.pair = entry;
  }
  return found;
}
