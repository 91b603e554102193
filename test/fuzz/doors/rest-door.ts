import type { Door } from '../door.js';
import { HANGS } from '../door.js';
import { createHttpLane } from '../http-lane.js';
import { type HttpInput, type HttpRequest, toHttpInput } from '../input/http.js';
import { oddJwt } from '../input/jwt.js';
import type { Random } from '../input/random.js';
import { BODIES, restBody } from '../input/rest-body.js';
import { fittingText, MARKER, oddText } from '../input/values.js';
import { findSecret, judgeRest } from '../judge.js';
import type { Target } from '../target.js';

const TYPES = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'application/json; charset=utf-8',
  'APPLICATION/JSON',
  '',
  'x',
  'application/json;',
  `text/${MARKER}`,
];
const PATHS = [
  '/',
  '/healthz',
  '/readyz',
  '/nothing',
  '/msgpush/send/',
  '/msgpush.ws',
  '/apps/a/b',
  '/%2e%2e/',
  `/${MARKER}`,
  '/msgpush/register?a=b',
  '/msgpush/events?wait=0',
  `/msgpush/events?wait=0&deviceId=${MARKER}`,
  '/msgpush/confirm',
];
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'];

/** Makes a request of REST. */
export function restRequest(random: Random, target: Target): HttpRequest {
  const authorization: [string, string] = [
    'Authorization',
    random.chance(0.7) ? `Bearer ${target.adminToken}` : random.pick([`Bearer ${MARKER}`, MARKER, 'Basic x', '']),
  ];
  const none = Buffer.alloc(0);
  const id = encodeURIComponent((random.chance(0.5) ? random.pick(target.deviceIds) : oddText(random)).toWellFormed());
  switch (random.below(20)) {
    case 0:
    case 1:
      return { method: 'POST', path: `/msgpush/unregister/${id.slice(0, 1000)}`, headers: [], body: none };
    case 2:
      return rotation(random, target, id);
    case 4:
      return report(random, target, id);
    case 5: {
      const name = random.chance(0.5) ? fittingText('appId', random, target) : id.slice(0, 1000);
      return { method: 'GET', path: `/apps/${name}`, headers: [authorization], body: none };
    }
    case 3:
      return {
        method: random.pick(METHODS),
        path: random.pick(PATHS),
        headers: [authorization],
        body: random.bytes(random.pick([0, 0, 10])),
      };
    default: {
      const path = random.pick([...BODIES, BODIES[1], BODIES[1]]);
      const headers: [string, string][] = [
        ['Content-Type', random.chance(0.95) ? 'application/json' : random.pick(TYPES)],
      ];
      if (path === '/apps/') headers.push(authorization);
      if (path === '/msgpush/register' && random.chance(0.3))
        headers.push(['Authorization', `Bearer ${oddJwt(random, target.app.id)}`]);
      if (random.chance(0.2)) headers.push(['Idempotency-Key', idempotencyKey(random)]);
      return { method: 'POST', path, headers, body: restBody(path, random, target) };
    }
  }
}

/** Replaces an id, named in the path or by a header. Few of those that other inputs need. */
function rotation(random: Random, target: Target, odd: string): HttpRequest {
  const id = random.chance(0.05) ? random.pick(target.deviceIds) : random.bytes(16).toString('hex');
  const named = random.pick([id, odd.slice(0, 1000), '']);
  const path = random.chance(0.5) ? '/msgpush/rotate' : `/msgpush/rotate/${named}`;
  const header = random.pick([`Bearer ${named}`, `Device ${named}`, `Bearer  ${MARKER}`, 'Bearer', named]);
  const headers: [string, string][] = random.chance(0.6) ? [['Authorization', header]] : [];
  return { method: 'POST', path, headers, body: random.bytes(random.pick([0, 0, 5])) };
}

/** Asks for a report, or recalls a push. */
function report(random: Random, target: Target, odd: string): HttpRequest {
  const id = random.chance(0.5) ? target.requestId : odd.slice(0, 500);
  const query = random.pick([
    '',
    '?limit=0',
    '?limit=x&limit=1',
    `?pageToken=${MARKER}`,
    `?alias=${odd.slice(0, 200)}`,
  ]);
  const [method, path] = random.pick([
    ['GET', `/msgpush/push/${id}`],
    ['GET', `/msgpush/push/${id}/deliveries`],
    ['POST', `/msgpush/recall/${odd.slice(0, 500)}`],
    ['GET', '/msgpush/devices'],
    ['GET', `/msgpush/devices/${odd.slice(0, 500)}/timeline`],
  ] as const);
  const { id: appId, key } = target.app;
  const right = `Basic ${Buffer.from(`${appId}:${key}`).toString('base64')}`;
  const authorization = random.chance(0.8) ? right : random.pick([`Basic ${MARKER}`, `Bearer ${key}`, 'Basic', '']);
  const headers: [string, string][] = [['Authorization', authorization]];
  return { method, path: `${path}${query}`, headers, body: Buffer.alloc(0) };
}

function idempotencyKey(random: Random): string {
  return random.pick([`key-${random.below(1000)}`, '\u00e9', 'x'.repeat(256), ' a', MARKER, '"']);
}

/** REST on the edge, as bytes on connections. */
export const REST_DOOR: Door = {
  name: 'REST',
  share: 90,
  lanes: 40,
  openLane(target) {
    const lane = createHttpLane(target.httpUrl);
    return {
      async attempt(random, patienceMs) {
        const input = toHttpInput(restRequest(random, target), random);
        const begun = performance.now();
        const result = await lane.send(input, patienceMs);
        const found = judge(input, result, target);
        const stray = lane.takeStray();
        const problem =
          found.problem ??
          (stray === '' ? undefined : `before it, an answer that nobody had asked for: ${stray.slice(0, 200)}`);
        return {
          inputs: 1,
          answer: found.word,
          waitedMs: performance.now() - begun,
          sent: input.bytes,
          ...(problem === undefined ? {} : { problem }),
        };
      },
      close: () => lane.close(),
    };
  },
};

function judge(
  { isWhole }: HttpInput,
  result: Awaited<ReturnType<ReturnType<typeof createHttpLane>['send']>>,
  target: Target,
): { word: string; problem?: string } {
  switch (result.kind) {
    case 'answered':
      return judgeRest(result.answer, target);
    case 'begun':
    case 'silent':
      return { word: 'nothing', problem: HANGS };
    case 'closed': {
      const secret = result.text.startsWith('HTTP/1.1 200') ? undefined : findSecret(result.text, target);
      if (secret !== undefined) return { word: 'closed', problem: secret };
      if (/^HTTP\/1\.1 5(?!05)/.test(result.text)) return { word: 'closed', problem: result.text.slice(0, 500) };
      return isWhole ? { word: 'closed', problem: 'a whole request was not answered' } : { word: 'closed' };
    }
  }
}
