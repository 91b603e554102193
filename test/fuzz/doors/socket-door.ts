import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { registerDevice, send } from '../../support/rest.js';
import type { Door, Outcome } from '../door.js';
import { HANGS } from '../door.js';
import { createHttpLane } from '../http-lane.js';
import { fatalFrame, harmlessFrame, OPCODE, parseServerFrames, type ServerFrame, toFrame } from '../input/frames.js';
import { type HttpRequest, toHttpInput } from '../input/http.js';
import type { Random } from '../input/random.js';
import { MARKER, oddText } from '../input/values.js';
import { findSecret, judgeRest } from '../judge.js';
import type { Target } from '../target.js';

const PATH = '/msgpush.ws';
/** A device may send 2,000 frames at once; then another one is registered. */
const FRAMES_OF_DEVICE = 1500;
const CLOSE_CODES = new Set([1000, 1001, 1002, 1003, 1006, 1007, 1008, 1009, 1012, 4400, 4404, 4409, 4410, 4411, 4429]);

interface Device {
  id: string;
  /** What it may confirm. */
  pushIds: string[];
  frames: number;
}

async function newDevice(target: Target): Promise<Device> {
  const alias = `fuzz-socket-${randomUUID()}`;
  const registration = { alias, appId: target.app.id, platform: 'ANDROID' as const, nativeToken: alias };
  const { status, body } = await registerDevice(target.httpUrl, registration);
  if (status !== 200) throw new Error(`register was answered ${status}`);
  const pushIds: string[] = [];
  for (let left = 2; left > 0; left--) {
    const push = { appId: target.app.id, appKey: target.app.key, audiences: [alias], alert: 'x', needConfirm: true };
    pushIds.push((await send(target.httpUrl, push)).body.requestId);
  }
  return { id: body.id, pushIds, frames: 0 };
}

function handshakeOf(path: string): HttpRequest {
  const headers: [string, string][] = [
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
    ['Sec-WebSocket-Version', '13'],
    ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
  ];
  return { method: 'GET', path, headers, body: Buffer.alloc(0) };
}

/** The WebSocket of devices: frames on connections that were accepted, and requests for one. */
export const SOCKET_DOOR: Door = {
  name: 'WebSocket',
  share: 780,
  lanes: 16,
  openLane(target) {
    const http = createHttpLane(target.httpUrl);
    let device: Device | undefined;
    return {
      async attempt(random, patienceMs) {
        if (random.chance(0.2)) return attemptHandshake(random, patienceMs);
        if (device === undefined || device.frames > FRAMES_OF_DEVICE) device = await newDevice(target);
        const outcome = await attemptFrames(device, random, target, patienceMs);
        device.frames += outcome.inputs;
        return outcome;
      },
      close: () => http.close(),
    };

    async function attemptHandshake(random: Random, patienceMs: number): Promise<Outcome> {
      const input = toHttpInput(oddHandshake(random, target), random);
      const begun = performance.now();
      const result = await http.send(input, patienceMs);
      const base = { inputs: 1, waitedMs: performance.now() - begun, sent: input.bytes };
      if (result.kind === 'silent' || result.kind === 'begun') return { ...base, answer: 'nothing', problem: HANGS };
      if (result.kind === 'closed') {
        const problem =
          findSecret(result.text, target) ?? (input.isWhole ? 'a whole request was not answered' : undefined);
        return { ...base, answer: 'closed', ...(problem === undefined ? {} : { problem }) };
      }
      if (result.answer.status === 101) return { ...base, answer: '101' };
      const { word, problem } = judgeRest(result.answer, target);
      return { ...base, answer: word, ...(problem === undefined ? {} : { problem }) };
    }
  },
};

function oddHandshake(random: Random, target: Target): HttpRequest {
  const id = random.pick([
    random.pick(target.deviceIds),
    random.bytes(16).toString('hex'),
    MARKER,
    oddText(random).slice(0, 100),
    '',
  ]);
  const query = random.pick([
    'deviceId=',
    'deviceid=',
    'deviceId',
    'x=1&deviceId=',
    'deviceId=a&deviceId=',
    'deviceId%3d',
  ]);
  const isInAddress = random.chance(0.6);
  const request = handshakeOf(isInAddress ? `/msgpush.ws?${query}${encodeURIComponent(id.toWellFormed())}` : PATH);
  const { headers } = request;
  // What a header may have; the rest is for addresses.
  const value = id.replaceAll(/[^\x21-\x7e]/g, '');
  if (!isInAddress || random.chance(0.1))
    headers.push(random.chance(0.5) ? inHeader(random, value) : inProtocol(random, value));
  if (random.chance(0.6)) {
    const at = random.below(headers.length);
    const [name] = headers[at] ?? ['X'];
    const value = random.pick([
      '',
      'x',
      'WebSocket',
      'keep-alive, Upgrade',
      '8',
      '13, 8',
      'h2c',
      'AA==',
      'x'.repeat(500),
      '\u00ff',
    ]);
    if (random.chance(0.3)) headers.splice(at, 1);
    else headers[at] = [name, value];
  }
  if (random.chance(0.2))
    headers.push([
      'Sec-WebSocket-Extensions',
      random.pick(['permessage-deflate', 'x; y="z', ';;;', 'permessage-deflate; client_max_window_bits=99']),
    ]);
  if (random.chance(0.2)) headers.push(['Sec-WebSocket-Protocol', random.pick(['chat', 'a, b', ',', ''])]);
  if (random.chance(0.1)) request.body = random.bytes(5);
  return request;
}

function inHeader(random: Random, id: string): [string, string] {
  const value = random.pick([
    `Bearer ${id}`,
    `bearer   ${id}`,
    `Basic ${id}`,
    id,
    'Bearer',
    `Bearer ${id}, Bearer ${id}`,
  ]);
  return ['Authorization', value];
}

function inProtocol(random: Random, id: string): [string, string] {
  const named = random.pick([
    `onepush.device.${id}`,
    `ONEPUSH.DEVICE.${id}`,
    'onepush.device.',
    id,
    `onepush.device.${id}x`,
  ]);
  const value = random.pick([
    `onepush.v1, ${named}`,
    `${named},onepush.v1`,
    named,
    `,,${named},`,
    `onepush.v1;${named}`,
  ]);
  return ['Sec-WebSocket-Protocol', value];
}

/**
 * Opens the device's socket, sends frames that it outlives, wants all heartbeats answered, and ends it, at times with
 * what it does not outlive.
 */
function attemptFrames(device: Device, random: Random, target: Target, patienceMs: number): Promise<Outcome> {
  const harmless = Array.from({ length: 10 + random.below(60) }, () => harmlessFrame(random, device.pushIds));
  const probe = toFrame({ opcode: OPCODE.text, payload: Buffer.from('HBT') }, random);
  const heartbeats = harmless.reduce((sum, frame) => sum + frame.heartbeats, 1);
  const frames = Buffer.concat([...harmless.map(({ bytes }) => bytes), probe]);
  const isFatal = random.chance(0.7);
  const end = Buffer.from('03e8', 'hex');
  const last = isFatal ? fatalFrame(random) : toFrame({ opcode: OPCODE.close, payload: end }, random);
  const handshake = toHead(handshakeOf(`/msgpush.ws?deviceId=${device.id}`));

  return new Promise((resolve) => {
    const { hostname, port } = new URL(target.httpUrl);
    const socket = connect({ host: hostname, port: Number(port) });
    let phase: 'opening' | 'open' | 'ending' = 'opening';
    let received: Buffer = Buffer.alloc(0);
    let since = performance.now();
    let waitedMs = 0;

    function waited(): void {
      waitedMs = Math.max(waitedMs, performance.now() - since);
      since = performance.now();
      timer.refresh();
    }
    function finish(answer: string, problem?: string): void {
      clearTimeout(timer);
      waited();
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on('error', () => {});
      socket.resetAndDestroy();
      const found = problem ?? problemOf(parseServerFrames(received), target);
      resolve({
        inputs: harmless.length + 2,
        answer,
        waitedMs,
        sent: Buffer.concat([handshake, frames, last]),
        ...(found === undefined ? {} : { problem: found }),
      });
    }
    const timer = setTimeout(() => finish('nothing', `${HANGS}, while ${phase}`), patienceMs);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('connect', () => socket.write(handshake));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (phase === 'opening') {
        const at = received.indexOf('\r\n\r\n');
        if (at < 0) return;
        if (!received.toString('latin1').startsWith('HTTP/1.1 101'))
          return finish('refused', 'a good handshake was refused');
        received = received.subarray(at + 4);
        phase = 'open';
        waited();
        socket.write(frames);
      }
      if (phase === 'open' && countAcks(parseServerFrames(received)) >= heartbeats) {
        phase = 'ending';
        waited();
        socket.write(last);
        if (isFatal) socket.end();
      }
    });
    socket.on('close', () => {
      const code = closeCodeOf(parseServerFrames(received));
      if (phase !== 'ending')
        finish(
          'closed',
          `closed while ${phase}, with ${code}, after ${countAcks(parseServerFrames(received))} of ${heartbeats} ACK1`,
        );
      else if (countAcks(parseServerFrames(received)) > heartbeats && !isFatal)
        finish('closed', 'more ACK1 than heartbeats');
      else finish(code === undefined ? 'cut' : `closed ${code}`);
    });
  });
}

function toHead({ method, path, headers }: HttpRequest): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: x\r\n${lines}\r\n`);
}

function countAcks(frames: readonly ServerFrame[] | undefined): number {
  return frames?.filter(({ opcode, payload }) => opcode === OPCODE.text && payload.toString() === 'ACK1').length ?? 0;
}

function closeCodeOf(frames: readonly ServerFrame[] | undefined): number | undefined {
  const payload = frames?.find(({ opcode }) => opcode === OPCODE.close)?.payload;
  return payload !== undefined && payload.length >= 2 ? payload.readUInt16BE(0) : undefined;
}

function problemOf(frames: readonly ServerFrame[] | undefined, target: Target): string | undefined {
  if (frames === undefined) return 'what came are no frames';
  const code = closeCodeOf(frames);
  if (code !== undefined && !CLOSE_CODES.has(code)) return `the close code ${code} is not documented`;
  // A pong repeats what a ping had, an answer to a close its reason, and a message what was pushed to everyone, as they
  // should.
  const isOwn = ({ opcode, payload }: ServerFrame): boolean =>
    opcode === OPCODE.text ? payload[0] !== 0x7b : opcode === OPCODE.close && (code ?? 0) >= 4000;
  const texts = frames.filter(isOwn).map(({ payload }) => payload.toString());
  return findSecret(texts.join('\n'), target);
}
