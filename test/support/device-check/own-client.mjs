// A client by hand, as docs/devices.md says, but for one fault: node own-client.mjs <file> [<fault>].
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { WebSocket } from 'ws';

const [file, fault] = process.argv.slice(2);
const url = process.env.DEVICE_CHECK_URL;
const state = existsSync(file)
  ? JSON.parse(readFileSync(file, 'utf8'))
  : { token: randomBytes(16).toString('hex'), seen: [] };
const save = () => fault !== 'forgets' && writeFileSync(file, JSON.stringify(state));
save();
let failures = 0;
let openedAt = Number.POSITIVE_INFINITY;

const after = (ms, then) => setTimeout(then, ms);
const pause = () => {
  if (fault === 'storms') return 0;
  const most = Math.min(30_000, 1_000 * 2 ** failures++);
  return fault === 'no-jitter' ? most : Math.random() * most;
};

async function register() {
  const platform = fault === 'wrong-platform' ? 'TOASTER' : 'PC';
  if (fault === 'new-token') state.token = randomBytes(16).toString('hex');
  const body = JSON.stringify({ appId: 'check', alias: 'alice', platform, nativeToken: state.token });
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}/msgpush/register`, { method: 'POST', headers, body }).catch(() => undefined);
  const status = answer?.status ?? 503;
  if (status === 200) {
    ({ id: state.id } = await answer.json());
    save();
    connect();
  } else if (status >= 500 || status === 429 || fault === 'insists') {
    const least = Number(answer?.headers.get('retry-after') ?? 0) * 1_000;
    after(fault === 'impatient' ? 0 : Math.max(least, pause()), register);
  }
}

function connect() {
  const inAddress = fault === 'id-in-address';
  const address = `${url.replace('http', 'ws')}/msgpush.ws${inAddress ? `?deviceId=${state.id}` : ''}`;
  const headers = inAddress ? {} : { authorization: `Bearer ${state.id}` };
  const maxPayload = fault === 'small-buffer' ? 16_384 : 1_048_576;
  const socket = new WebSocket(address, { headers, maxPayload, autoPong: fault !== 'no-pong' });
  socket.on('open', () => {
    openedAt = performance.now();
    if (fault === 'two-connections') {
      // Nothing is received before the other one is there.
      socket.pause();
      new WebSocket(address, { headers }).on('open', () => socket.resume()).on('error', () => {});
    }
    if (fault === 'says-hello') socket.send('HELLO');
  });
  socket.on('message', (data) => receive(socket, String(data)));
  socket.on('error', () => {});
  socket.on('close', (code, reason) => closed(code, String(reason)));
}

function receive(socket, text) {
  if (!text.startsWith('{')) {
    if (fault === 'strict' && text !== 'ACK1') socket.terminate();
    return;
  }
  const { id, needConfirm, future } = JSON.parse(text);
  if (fault === 'strict-fields' && future) return;
  const isNew = !state.seen.includes(id);
  if (isNew) {
    state.seen = [...state.seen, id].slice(-1_000);
    save();
  }
  if (isNew || fault === 'no-dedupe') show(text, id);
  if (fault === 'confirms-all' || (needConfirm && fault !== 'no-confirm' && (isNew || fault !== 'confirms-once')))
    socket.send(`CFM:${id}`);
}

function show(text, id) {
  // Every other one is late.
  if (fault === 'disorder' && Number(id) % 2 === 0) setTimeout(() => console.log(text), 50);
  else if (fault === 'loses-digits') console.log(JSON.stringify(JSON.parse(text)));
  else if (fault === 'ascii') console.log(text.replaceAll(/[^ -~]/g, '?'));
  else console.log(text);
}

function closed(code, reason) {
  if (performance.now() - openedAt >= 10_000) failures = 0;
  openedAt = Number.POSITIVE_INFINITY;
  const hint = /reconnect after (\d+) ms/.exec(reason)?.[1];
  if (code >= 4400 && code < 4500 && fault !== `ignores-${code}`) {
    if (code === 4403 || code === 4429) after(60_000 * (1 + 4 * Math.random()), connect);
    else if (code === 4404 || code === 4411) {
      state.id = undefined;
      save();
      register();
    } else if (code === 4410) {
      if (fault !== 'keeps-4410') state.id = undefined;
      save();
    }
    if (code === 4404 || code === 4411 || code === 4403 || code === 4429) return;
    clearInterval(beat);
    return;
  }
  if (code === 1006 && fault === 'gives-up') return;
  after(hint !== undefined && fault !== 'no-hint' ? Number(hint) : pause(), connect);
}

// Keeps the process; a real client asks after 30 seconds of silence.
const beat = setInterval(() => {}, 30_000);
if (state.id !== undefined && fault !== 'registers-always') connect();
else register();
