// A stand-in for an SMS operator: an SMPP 3.4 server of npm's `smpp`, and over HTTP what it received and how it is to
// behave. Says both ports on its first line of output. TLS with --tls KEY_AND_CERTIFICATE.pem.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import process from 'node:process';
import smpp from 'smpp';

const SYSTEM_ID = 'teledoss';
const PASSWORD = 'secret12';
const received = [];
const seen = { binds: 0, enquiries: 0 };
const halves = new Map();
let behaviour = 'accept'; // or: refuse-number, throttle, silence, hang-up, ask-first

const pem = process.argv[2] === '--tls' ? readFileSync(process.argv[3]) : null;
const options = pem ? { tls: true, key: pem, cert: pem } : {};

/** Puts the parts of a long message together (user data header, 3GPP TS 23.040 9.2.3.24.1). */
function whole(pdu) {
  const { message, udh } = pdu.short_message;
  if (!udh) return message;
  const [, , reference, count, number] = udh[0];
  const name = `${pdu.destination_addr}/${reference}`;
  const parts = halves.get(name) ?? new Map();
  halves.set(name, parts.set(number, message));
  if (parts.size < count) return null;
  halves.delete(name);
  return [...parts].sort((a, b) => a[0] - b[0]).map(([, text]) => text).join('');
}

function submit(session, pdu) {
  const status = { 'refuse-number': smpp.ESME_RINVDSTADR, throttle: smpp.ESME_RTHROTTLED }[behaviour];
  if (status !== undefined) return session.send(pdu.response({ command_status: status }));
  if (behaviour === 'silence') return undefined;
  if (behaviour === 'hang-up') return session.destroy();
  if (behaviour === 'ask-first') session.enquire_link({}, () => { seen.enquiries += 100; });
  const text = whole(pdu);
  if (text !== null) {
    const { destination_addr: to, source_addr: from, data_coding: coding, validity_period: validity } = pdu;
    received.push({ to, from, text, coding, validity });
  }
  return session.send(pdu.response({ message_id: String(received.length) }));
}

const sessions = new Set();
const server = smpp.createServer(options, (session) => {
  sessions.add(session);
  session.on('error', () => {});
  session.on('close', () => sessions.delete(session));
  session.on('bind_transmitter', (pdu) => {
    const known = pdu.system_id === SYSTEM_ID && pdu.password === PASSWORD;
    seen.binds += known ? 1 : 0;
    session.send(pdu.response({ command_status: known ? smpp.ESME_ROK : smpp.ESME_RBINDFAIL }));
  });
  session.on('enquire_link', (pdu) => {
    seen.enquiries += 1;
    session.send(pdu.response());
  });
  session.on('unbind', (pdu) => {
    session.send(pdu.response());
    session.close();
  });
  session.on('submit_sm', (pdu) => submit(session, pdu));
});

const control = createServer((request, response) => {
  if (request.method === 'POST' && request.url === '/drop') for (const session of sessions) session.destroy();
  else if (request.method === 'POST') behaviour = request.url.slice(1);
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify({ received, ...seen }));
});

server.on('error', () => {});
server.listen(0, '127.0.0.1', () => {
  control.listen(0, '127.0.0.1', () => {
    process.stdout.write(`${server.address().port} ${control.address().port}\n`);
  });
});
