import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Channel, ChannelSettingsError } from '../../core/channel/channel.js';
import { CHANNEL_KINDS } from '../../core/channel/kinds.js';
import { toWakeMessage } from '../../core/delivery/waking/message.js';
import { CONTENT_TEXTS } from '../../core/domain/push.js';
import type { WakeMessage, WakeOutcome, WakeTarget } from '../../core/domain/wake.js';
import type { DueWake } from '../../core/store/store.js';
import { message } from '../support/channels/vendor-message.js';
import { type ChannelFixture, type RunningVendor, type SentMessage, targetOf } from '../support/vendors/fixture.js';
import { CHANNEL_FIXTURES } from '../support/vendors/fixtures.js';
import type { VendorFault } from '../support/vendors/server.js';

const DAY_MS = 86_400_000;
const SECRET = 'S3CR3T';
/** An emoji of several code points, longer than a byte or a unit by any measure. */
const FAMILY = '👨‍👩‍👧';

/** A push whose every text names the secret. */
const WRITTEN = {
  appId: 'demo-app',
  appNum: 1,
  tenantCode: SECRET,
  platform: 'ALL',
  needConfirm: true,
  collapseKey: `chat-${SECRET}`,
  priority: 'HIGH',
  content: {
    ...Object.fromEntries(CONTENT_TEXTS.map((name) => [name, `https://${SECRET}.example/${name}`])),
    alert: SECRET,
    interruption: 'TIME_SENSITIVE',
    badge: 7,
    wakeOverrides: JSON.stringify(
      Object.fromEntries([...CHANNEL_KINDS.keys()].map((name) => [name, { [SECRET]: SECRET }])),
    ),
  },
} as const;

/** Faults after which nobody knows what the vendor did, each with one more that is known. */
const FAULTS: readonly (readonly [name: string, fault: VendorFault])[] = [
  ['HTML', html(200)],
  ['half a body', { kind: 'half' }],
  ['10 MB', { kind: 'huge' }],
  ['a reset', { kind: 'reset' }],
];

describe.each(CHANNEL_FIXTURES)('$name', (fixture: ChannelFixture) => {
  const { kind, hasId = true } = fixture;
  let target: WakeTarget;
  let vendor: RunningVendor;
  let channel: Channel;

  const open = (settings: object = {}): Channel => kind.open(kind.parseSettings({ ...vendor.settings, ...settings }));

  /** Sends, and checks what each outcome has to fulfil. */
  async function send(sent: WakeMessage, by = channel): Promise<WakeOutcome> {
    const outcome = await by.send(target, sent);
    if (outcome.kind !== 'accepted') {
      expect(outcome.reason).toMatch(/^[A-Za-z0-9_.:-]{1,64}$/);
      expect(outcome.reason).not.toContain(target.token);
      if (sent.body !== undefined) expect(outcome.reason).not.toContain(sent.body);
    }
    return outcome;
  }

  /** Sends what the vendor has to take, and returns what it got. */
  async function deliver(fields: Partial<WakeMessage> = {}): Promise<SentMessage> {
    const before = vendor.sent.length;
    expect(await send(message(fields))).toEqual({ kind: 'accepted' });
    expect(vendor.sent.length).toBe(before + 1);
    const sent = vendor.sent.at(-1);
    if (sent === undefined) throw new Error('nothing was sent');
    return sent;
  }

  const lastRequest = (): string => {
    const { headers, query, body } = vendor.server.requests.at(-1) ?? {};
    return `${JSON.stringify(headers)}${query}${vendor.lastText?.() ?? body}`;
  };

  beforeAll(async () => {
    vendor = await fixture.start();
    target = targetOf(fixture, vendor);
    channel = open();
  });
  beforeEach(() => vendor.server.forget());
  afterAll(async () => {
    await channel.close();
    await vendor.server.stop();
  });

  it('sends a message with its id', async () => {
    const sent = await deliver({ id: '1700000000000042' });
    expect(sent).toMatchObject({ token: target.token, kind: 'ALERT', ...(hasId && { id: '1700000000000042' }) });
  });

  it.runIf(fixture.hasKey !== false)('sends the same key for the same key, and another one for another', async () => {
    const [one, again, other] = [await deliver({ key: 'a' }), await deliver({ key: 'a' }), await deliver({ key: 'b' })];
    expect(one.key).toBeDefined();
    expect(again.key).toEqual(one.key);
    expect(other.key).not.toEqual(one.key);
  });

  it('sends a key, a title and a text of their greatest lengths', async () => {
    await deliver({ key: 'k'.repeat(64), title: '题'.repeat(255), body: '文'.repeat(65_536) });
  });

  it.runIf(fixture.hasLimit !== false)('cuts a text at an emoji', async () => {
    // Of each two lengths one has an emoji across the limit, whatever it is.
    for (const shift of ['', 'x', 'xx', 'xxx']) {
      const body = shift + FAMILY.repeat(4_000);
      const sent = await deliver({ body });
      const cut = String(sent.body);
      expect(cut.length).toBeGreaterThan(FAMILY.length);
      expect(body.startsWith(cut)).toBe(true);
      expect((cut.length - shift.length) % FAMILY.length).toBe(0);
    }
  });

  it('sends characters as they are that JSON, forms and headers escape', async () => {
    const body = '"\\&=%+<>\u2028 é';
    expect((await deliver({ body })).body).toBe(body);
  });

  it.each(['MSG', 'CMD'] as const)('tells its vendor nothing that a caller wrote for a hidden %s', async (msgType) => {
    const push = {
      ...WRITTEN,
      id: Number(message().id),
      msgType,
      createdAt: 0,
      expiresAt: Date.now() + DAY_MS,
    };
    const wake = {
      pushId: push.id,
      deviceNum: 1,
      channel: kind.channel,
      push: { ...push, wake: 'OFFLINE' },
      // As far as it is used here.
    } as unknown as DueWake;
    expect(JSON.stringify(toWakeMessage(wake, push, false))).toContain(SECRET);
    const outcome = await channel.send(target, toWakeMessage(wake, push, true));
    // Some vendors have no messages that nobody sees.
    expect(msgType === 'CMD' && outcome.kind === 'payload_bad' ? 'accepted' : outcome.kind).toBe('accepted');
    expect(lastRequest()).not.toMatch(new RegExp(SECRET, 'i'));
    expect(lastRequest()).not.toContain(Buffer.from(SECRET).toString('base64').slice(0, 6));
  });

  it('sends nothing of the content of an app that hides it', async () => {
    const hidden = { title: SECRET, image: `https://example.com/${SECRET}`, clickTarget: `app://${SECRET}` };
    const override = { [SECRET]: SECRET };
    const sent = await deliver({ ...hidden, override, body: undefined });
    expect(lastRequest()).not.toContain(SECRET);
    if (hasId) expect(sent.id).toBeDefined();
  });

  it('sends a message without a title, and one with spaces only', async () => {
    await deliver({ title: undefined });
    await deliver({ title: ' ', body: '\n' });
  });

  it('opens addresses and deep links, however long', async () => {
    await deliver({ clickTarget: 'https://example.com/?a=1&b=2' });
    await deliver({ clickTarget: 'myapp://orders/1' });
    await deliver({ clickTarget: `https://example.com/${'x'.repeat(1_500)}` });
  });

  it('merges an override over what it makes', async () => {
    await deliver({ override: fixture.override.json });
    expect(lastRequest()).toContain(fixture.override.shows);
  });

  it('sends the id to the same device, whatever an override says', async () => {
    const sent = await deliver({ id: '1700000000000043', override: fixture.removesId });
    expect(sent).toMatchObject({ token: target.token, ...(hasId && { id: '1700000000000043' }) });
  });

  it('gives a message as long to live as it has, within the bounds of the vendor', async () => {
    expect((await deliver({ expiresAt: Date.now() + 7_200_000 })).ttl ?? 7_200).toBeCloseTo(7_200, -1);
    await deliver({ expiresAt: Date.now() + 1_500 });
    await deliver({ expiresAt: Date.now() + 60 * DAY_MS });
    // It expired on the way here.
    await send(message({ expiresAt: Date.now() - 1_000 }));
  });

  it.runIf(fixture.hasBadges)('sends a badge of 0, which is not none', async () => {
    expect((await deliver({ badge: 0 })).badge).toBe(0);
    expect((await deliver({})).badge).toBeUndefined();
    expect((await deliver({ badge: 7 })).badge).toBe(7);
    await deliver({ badge: 123_456 });
  });

  it('starts the app without showing anything, where the vendor can', async () => {
    const { hasBackground } = fixture;
    const kindThere = hasBackground === 'as_alert' ? 'ALERT' : 'BACKGROUND';
    if (hasBackground) expect((await deliver({ kind: 'BACKGROUND' })).kind).toBe(kindThere);
    else expect(await send(message({ kind: 'BACKGROUND' }))).toMatchObject({ kind: 'payload_bad' });
  });

  describe.each(FAULTS)('whose vendor answers %s', (_, fault) => {
    it('does not know what became of the message, and sends the next one', async () => {
      await deliver();
      vendor.server.next(fault);
      const { kind: outcome } = await send(message());
      expect(outcome).toBe(fixture.isStatusEnough && fault.kind !== 'reset' ? 'accepted' : 'unknown');
      await deliver();
    });
  });

  it.skipIf(fixture.isHttp2)('takes an answer that comes twice for one', async () => {
    await deliver();
    vendor.server.next({ kind: 'twice' });
    await deliver();
    await deliver();
  });

  it('tries later where the vendor is overloaded or broken', async () => {
    await deliver();
    const throttled = fixture.throttled ?? { status: 429, headers: { 'retry-after': '7' } };
    for (const [answer, afterMs] of [
      [throttled, 7_000],
      [{ status: 503 }, undefined],
      [{ status: 503, headers: { 'retry-after': '3' } }, 3_000],
      [html(502).answer, undefined],
    ] as const) {
      vendor.server.next({ kind: 'answer', answer });
      const outcome = await send(message());
      expect(outcome.kind).toBe(answer.status === 502 && fixture.isOnce ? 'unknown' : 'retry');
      if (outcome.kind === 'retry' && afterMs !== undefined) expect(outcome.afterMs).toBe(afterMs);
    }
    await deliver();
  });

  it('shows nothing of an answer that repeats the token and the text', async () => {
    await deliver();
    const sent = message({ body: 'TheTextItself' });
    const texts = [target.token, 'TheTextItself'].flatMap((text) => {
      const names = ['code', 'result', 'error', 'reason', 'message', 'msg', 'errorCode', 'Code', 'status', 'desc'];
      return [Object.fromEntries(names.map((name) => [name, text])), { error: { status: text, message: text } }];
    });
    for (const body of texts) {
      for (const status of [200, 400, 403, 404, 500]) {
        vendor.server.next({ kind: 'answer', answer: { status, body } });
        await send(sent);
      }
    }
  });

  it.runIf(fixture.wrongCredential)('is down where the vendor refuses the credential', async () => {
    const wrong = open(fixture.wrongCredential);
    expect(await send(message(), wrong)).toMatchObject({ kind: 'channel_down' });
    if (fixture.probe === 'ok') expect(await wrong.probe()).toMatchObject({ kind: 'refused' });
    await wrong.close();
  });

  it('is not down where nothing of the message left', async () => {
    const nowhere = open({ ca: undefined });
    expect(await send(message(), nowhere)).toMatchObject({
      kind: 'retry',
      scope: fixture.retryScope ?? 'channel',
    });
    await nowhere.close();
  });

  it.runIf(fixture.dead)('knows a dead token', async () => {
    await deliver();
    if (fixture.dead !== undefined) vendor.server.next({ kind: 'answer', answer: fixture.dead });
    expect(await send(message())).toMatchObject({ kind: 'token_dead' });
  });

  it('never takes a token that the vendor does not know for a bad credential', async () => {
    const outcome = await channel.send({ ...target, token: `${target.token}x` }, message());
    expect(['accepted', 'token_dead', 'token_set_aside', 'payload_bad']).toContain(outcome.kind);
  });

  it('probes without reaching a device', async () => {
    const before = vendor.sent.length;
    expect(await channel.probe()).toEqual({ kind: fixture.probe });
    expect(vendor.sent.length).toBe(before);
    if (fixture.probe === 'unsupported') return;
    vendor.server.always({ kind: 'answer', answer: { status: 503 } });
    expect(await channel.probe()).toMatchObject({ kind: 'unreachable' });
    vendor.server.always(undefined);
  });

  it('asks for an access token once for all, and for another one when it has ended', async () => {
    const { accessTokens } = vendor;
    if (accessTokens === undefined) return;
    const fresh = open();
    const before = accessTokens.given;
    const all = await Promise.all(Array.from({ length: 8 }, () => send(message(), fresh)));
    expect(all).toEqual(all.map(() => ({ kind: 'accepted' })));
    expect(accessTokens.given).toBe(before + 1);
    accessTokens.expire();
    const renewed = await Promise.all(Array.from({ length: 8 }, () => send(message(), fresh)));
    expect(renewed).toEqual(all);
    expect(accessTokens.given).toBe(before + 2);
    await fresh.close();
  });

  it('tries later where the vendor gives out no access token', async () => {
    if (vendor.accessTokens === undefined) return;
    for (const fault of [html(200), { kind: 'reset' }, { kind: 'half' }] as const) {
      const fresh = open();
      vendor.server.next(fault);
      expect(await send(message(), fresh)).toMatchObject({ kind: 'retry' });
      await fresh.close();
    }
  });

  it('ends what is under way as unknown when it is closed', async () => {
    const closing = open();
    expect(await send(message(), closing)).toEqual({ kind: 'accepted' });
    vendor.server.forget();
    vendor.server.next({ kind: 'silence' });
    const waiting = send(message(), closing);
    await vi.waitUntil(() => vendor.server.requests.length > 0, { timeout: 5_000 });
    await closing.close();
    expect(await waiting).toMatchObject({ kind: 'unknown' });
    expect((await send(message(), closing)).kind).not.toBe('accepted');
  });

  describe('settings', () => {
    const problemsOf = (json: unknown): { fields: string[]; text: string } => {
      try {
        kind.parseSettings(json);
      } catch (error) {
        if (!(error instanceof ChannelSettingsError)) throw error;
        return { fields: error.problems.map(({ field }) => field), text: error.message };
      }
      throw new Error('they were taken');
    };

    it('name each field that is wrong, and never a value', () => {
      for (const name of Object.keys(vendor.settings)) {
        for (const value of [{ nonsense: SECRET }, [SECRET], 17.5, null, `${SECRET}\n`]) {
          const { fields, text } = problemsOf({ ...vendor.settings, [name]: value });
          expect(fields.some((field) => field.split(/[.[]/)[0] === name)).toBe(true);
          expect(text).not.toContain(SECRET);
        }
      }
    });

    it('are an object, with fields that there are', () => {
      for (const json of [undefined, null, SECRET, 1, [], {}]) expect(problemsOf(json).text).not.toContain(SECRET);
      expect(problemsOf({ ...vendor.settings, surplus: SECRET }).fields).toEqual(['surplus']);
      expect(problemsOf({ ...vendor.settings, baseUrl: 'ftp://example.com' }).fields).toEqual(['baseUrl']);
      expect(problemsOf({ ...vendor.settings, ca: 'no certificate' }).fields).toEqual(['ca']);
    });

    it('are described without a secret', () => {
      const shown = JSON.stringify(kind.describe(kind.parseSettings(vendor.settings)));
      for (const secret of fixture.secrets) expect(shown).not.toContain(secret);
      expect(shown.length).toBeGreaterThan(4);
    });
  });
});

function html(status: number): Extract<VendorFault, { kind: 'answer' }> {
  const headers = { 'content-type': 'text/html' };
  return { kind: 'answer', answer: { status, headers, body: '<html><h1>Welcome</h1></html>' } };
}
