import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCESS } from '../../core/rpc/service/access.js';
import { KeyScope } from '../../gen/onepush/v1/access_pb.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { type Cast, type Key, reasonOf, registration, startCast } from '../support/access/cast.js';
import {
  ADMINS,
  CALLERS,
  type Caller,
  type Method,
  OF_ANOTHER_APP,
  REFUSALS,
  RULES,
  type Rule,
  refusalOf,
} from '../support/access/rules.js';
import { ROOT } from '../support/dist.js';
import { basic, bearer, failureOf } from '../support/rpc.js';
import { ADMIN_TOKEN } from '../support/stack.js';

const admin = bearer(ADMIN_TOKEN);
let cast: Cast;
beforeAll(async () => {
  cast = await startCast();
});
afterAll(() => cast?.stack.stop());

describe('every method', () => {
  it('has a rule here that is the same as that of the service', () => {
    const rules = Object.entries(ACCESS).map(([name, access]) => {
      if (typeof access === 'string') return [name, 'anyone'];
      return [name, [access.scope, access.admin && 'admin'].filter(Boolean).join(' or ')];
    });
    expect(Object.fromEntries(rules)).toEqual(RULES);
    expect(Object.keys(PushCore.method).toSorted()).toEqual(Object.keys(RULES).toSorted());
  });

  it.each(['grpc', 'connect'] as const)('lets in those whom it is for, and nobody else, over %s', async (door) => {
    const client = door === 'grpc' ? cast.grpc : cast.connect;
    const all = Object.keys(RULES) as Method[];
    // One of each rule, and of each kind, shows that the other door asks the same.
    const some = [...new Set(Object.values(RULES))].map((rule) => all.findLast((name) => RULES[name] === rule));
    const names = door === 'grpc' ? all : some.filter((name) => name !== undefined);
    const found: Record<string, string> = {};
    const expected: Record<string, string> = {};
    for (const caller of CALLERS) {
      await Promise.all(
        names.map(async (name) => {
          const cell = `${name} by ${caller}`;
          const outcome = await cast.outcomeOf(client, name, caller);
          const refusal = refusalOf(RULES[name], caller);
          found[cell] = REFUSALS.includes(outcome) || caller === 'other' ? outcome : 'let in';
          expected[cell] = refusal ?? (caller === 'other' ? (OF_ANOTHER_APP[name] ?? 'OK') : 'let in');
          // What nobody may do to what is not there.
          if (/^(disable|delete|undelete)App$/.test(name) && ADMINS.includes(caller)) expected[cell] = 'UNKNOWN_APP';
          if (/^(unregisterDevice|rotateDeviceId)$/.test(name) && caller === 'other') expected[cell] = 'UNKNOWN_DEVICE';
        }),
      );
    }
    expect(found).toEqual(expected);
  });
});

describe('every path of the edge', () => {
  const PATHS: Record<string, Rule> = {
    '/': 'anyone',
    '/sw.js': 'anyone',
    '/docs/:name': 'anyone',
    '/openapi.json': 'anyone',
    '/healthz': 'anyone',
    '/readyz': 'anyone',
    '/msgpush/register': 'anyone',
    '/msgpush/unregister/:deviceId': 'anyone',
    '/msgpush/rotate/:deviceId': 'anyone',
    '/msgpush/rotate': 'anyone',
    '/msgpush/unregister': 'anyone',
    '/msgpush/events': 'anyone',
    '/msgpush/confirm': 'anyone',
    // The device id is the secret.
    '/msgpush/history': 'anyone',
    '/msgpush/send': 'send',
    '/msgpush/recall/:requestId': 'send',
    '/msgpush/push/:requestId': 'read',
    '/msgpush/push/:requestId/deliveries': 'read',
    '/msgpush/devices': 'read',
    '/msgpush/devices/:deviceId/timeline': 'read',
    '/apps': 'admin',
    '/apps/:id': 'admin',
  };
  /** Reasons by the code of REST. */
  const CODES: Record<number, string> = {
    40101: 'WRONG_APP_KEY',
    40102: 'WRONG_ADMIN_TOKEN',
    40301: 'APP_DISABLED',
    40302: 'WRONG_SCOPE',
  };

  it('has a rule here', () => {
    const sources = ['edge/http/routes.ts', 'edge/page/handlers.ts'].map((path) =>
      readFileSync(join(ROOT, path), 'utf8'),
    );
    const paths = sources.flatMap((text) => [...text.matchAll(/^ {4}'(\/[^']*)': /gm)].map(([, path]) => path));
    expect(paths.toSorted()).toEqual(Object.keys(PATHS).toSorted());
  });

  /** What a request comes to. The send has its credentials in its body. */
  async function restOutcome(path: string, caller: Caller): Promise<string> {
    const credentials = cast.shown[caller];
    const { appId, key } = typeof credentials === 'object' ? credentials : { appId: 'testapp1', key: 'wrong' };
    const isGet = !/^\/(apps|msgpush\/(register|unregister.*|rotate.*|confirm|send|recall\/.*))$/.test(path);
    const body = {
      '/msgpush/register': { ...registration(appId), platform: 'WEB' },
      '/msgpush/send': { appId, appKey: key, audiences: ['nobody'], alert: 'x' },
      '/apps': { name: 'made' },
    }[path];
    const named = path.replace(':deviceId', 'nobody').replace(':id', cast.requests.getApp.id ?? '');
    const filled = named
      .replace(':requestId', cast.requests.getPush.requestId ?? '')
      .replace(/devices$/, '$&?alias=alice');
    const response = await fetch(cast.stack.httpUrl + filled, {
      method: isGet ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', ...(cast.headersOf(caller) as { headers?: object }).headers },
      ...(!isGet && { body: JSON.stringify(body ?? {}) }),
    });
    const text = await response.text();
    if (response.ok || response.status === 404) return 'let in';
    const { code } = JSON.parse(text) as { code: number };
    // What else is wrong with it is told to whoever is let in.
    return CODES[code] ?? 'let in';
  }

  it('lets in those whom it is for, and nobody else', async () => {
    const found: Record<string, string> = {};
    const expected: Record<string, string> = {};
    for (const caller of CALLERS) {
      for (const [path, rule] of Object.entries(PATHS)) {
        const cell = `${path} by ${caller}`;
        found[cell] = await restOutcome(path, caller);
        expected[cell] = refusalOf(rule, caller) ?? 'let in';
        if (path === '/msgpush/register' && caller === 'disabled') expected[cell] = 'APP_DISABLED';
      }
    }
    expect(found).toEqual(expected);
  });
});

describe('a key', () => {
  it('that is revoked ends the streams that it has opened', async () => {
    expect(reasonOf(await cast.watchEnded)).toBe('WRONG_APP_KEY');
    const own = cast.shown.manage as Key;
    const sending = await cast.newKey(own, KeyScope.SEND);
    let go = (): void => {};
    const revoked = new Promise<void>((resolve) => (go = resolve));
    async function* messages() {
      yield cast.requests.sendPushStream;
      await revoked;
      yield cast.requests.sendPushStream;
    }
    const answers = cast.grpc.sendPushStream(messages(), basic(own.appId, sending.key))[Symbol.asyncIterator]();
    await answers.next();
    await cast.grpc.revokeAppKey({ appId: own.appId, keyId: sending.id }, admin);
    go();
    expect(reasonOf(await failureOf(answers.next()))).toBe('WRONG_APP_KEY');
  });

  it('has an end that is later than now, and a public id', async () => {
    const { appId } = cast.shown.manage as Key;
    const past = { appId, name: 'late', scope: KeyScope.SEND, expiresAt: timestampFromMs(Date.now() - 1000) };
    expect((await failureOf(cast.grpc.createAppKey(past, admin))).message).toContain(
      'expiresAt must be later than now',
    );
    expect(reasonOf(await failureOf(cast.grpc.revokeAppKey({ appId, keyId: '7' }, admin)))).toBe('UNKNOWN_KEY');
    const { keys } = await cast.grpc.listAppKeys({ appId }, admin);
    for (const { id } of keys) expect(id).toMatch(/^k\d+$/);
  });
});

describe('the audit log', () => {
  async function readAll(more: object = {}, options = admin) {
    const all = [];
    for (let pageToken = ''; ; ) {
      const page = await cast.grpc.listAuditLog({ pageSize: 7, pageToken, ...more }, options);
      all.push(...page.entries);
      pageToken = page.nextPageToken;
      if (pageToken === '') return all;
    }
  }

  it('has every change of every audited method, with who and from where, and no secret', async () => {
    const entries = await readAll();
    const audited = Object.entries(ACCESS).filter(
      ([, access]) => typeof access !== 'string' && access.audited === true,
    );
    const names = audited.map(([name]) => PushCore.method[name as Method].name);
    expect([...new Set(entries.map(({ method }) => method))].toSorted()).toEqual(names.toSorted());
    for (const { actorId, address, outcome, method } of entries) {
      expect({ method, actorId }).toEqual({ method, actorId: expect.stringMatching(/^(environment|[kt]\d+)$/) });
      expect(address).toBe('127.0.0.1');
      expect(outcome).toMatch(/^(OK|[A-Z_]+)$/);
    }
    expect(entries.find(({ method, outcome }) => method === 'DisableApp' && outcome !== 'OK')).toMatchObject({
      outcome: 'UNKNOWN_APP',
      actorName: expect.stringMatching(/^(environment|carol)$/),
    });
    const text = JSON.stringify(entries.map((entry) => ({ ...entry, time: undefined })));
    for (const secret of cast.secrets) expect(text).not.toContain(secret);
    // A change by a key names the key, and what it changed.
    const { appId } = cast.shown.manage as Key;
    const revocation = entries.filter(({ method, outcome }) => method === 'RevokeAppKey' && outcome === 'OK');
    expect(revocation.at(-1)).toMatchObject({
      appId,
      actorName: 'a key',
      target: expect.stringMatching(/^k\d+ a key$/),
    });
  });

  it('shows an app its own entries only, by actor and time', async () => {
    const { appId, key } = cast.shown.manage as Key;
    const own = await readAll({}, basic(appId, key));
    expect(own.length).toBeGreaterThan(5);
    expect(new Set(own.map((entry) => entry.appId))).toEqual(new Set([appId]));
    const { actorId = '', time } = own[0] ?? {};
    const byActor = await readAll({ actorId }, basic(appId, key));
    expect(new Set(byActor.map((entry) => entry.actorId))).toEqual(new Set([actorId]));
    expect(await readAll({ until: { seconds: 1n, nanos: 0 } }, basic(appId, key))).toEqual([]);
    expect(await readAll({ from: time ?? {} }, basic(appId, key))).not.toEqual([]);
  });
});
