import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Channel } from '../../../core/channel/channel.js';
import { hms } from '../../../core/channel/hms/index.js';
import type { WakeMessage } from '../../../core/domain/wake.js';
import type { ChannelFixture, RunningVendor } from '../../support/vendors/fixture.js';
import { hmsV1Fixture, hmsV3Fixture } from '../../support/vendors/hms.js';
import { miPushFixture } from '../../support/vendors/mipush.js';
import { oppoFixture } from '../../support/vendors/oppo.js';
import type { VendorFault } from '../../support/vendors/server.js';
import { vivoFixture } from '../../support/vendors/vivo.js';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closers.splice(0).reverse()) await close();
});

let nextId = 1;
function message(fields: Partial<WakeMessage> = {}): WakeMessage {
  const id = `18000000000${nextId++}`;
  const expiresAt = Date.now() + 3_600_000;
  return { id, appId: 'demo-app', kind: 'ALERT', key: id, body: 'A text', priority: 'NORMAL', expiresAt, ...fields };
}

async function start(fixture: ChannelFixture, settings: object = {}) {
  const vendor: RunningVendor = await fixture.start();
  closers.push(() => vendor.server.stop());
  const channel: Channel = fixture.kind.open(fixture.kind.parseSettings({ ...vendor.settings, ...settings }));
  closers.push(() => channel.close());
  const { target } = fixture;
  if (target === undefined) throw new Error('these vendors know a device from the beginning');
  return { vendor, channel, target, send: (sent = message()) => channel.send(target, sent) };
}

const accepted = { kind: 'accepted' };
const code = (value: string): VendorFault => ({
  kind: 'answer',
  answer: { status: 401, body: { code: value, msg: '' } },
});

describe('HMS v3', () => {
  it('signs one JWT for many messages, and another one when Huawei says that it has ended', async () => {
    const { vendor, send } = await start(hmsV3Fixture);
    expect([await send(), await send()]).toEqual([accepted, accepted]);
    const [first, second] = vendor.server.requests.map(({ headers }) => headers.authorization);
    expect(second).toBe(first);
    vendor.server.next(code('80200005'));
    expect(await send()).toEqual(accepted);
    expect(vendor.server.requests.at(-1)?.headers.authorization).not.toBe(first);
  });

  it('is down where Huawei takes no JWT of it', async () => {
    const { vendor, send } = await start(hmsV3Fixture);
    vendor.server.always(code('80200005'));
    expect(await send()).toEqual({ kind: 'channel_down', reason: 'access_token_refused' });
    expect(vendor.server.requests.length).toBe(2);
  });

  it('sends its kind in a header', async () => {
    const { vendor, send } = await start(hmsV3Fixture);
    await send();
    await send(message({ kind: 'BACKGROUND' }));
    expect(vendor.server.requests.map(({ headers }) => headers['push-type'])).toEqual(['0', '6']);
  });
});

describe('HMS v1 and v2', () => {
  it('have the app, or the project, in the address', async () => {
    const { vendor, send, target } = await start(hmsV1Fixture, { appId: 'app/1' });
    await send();
    const { clientId, clientSecret, tokenUri, baseUrl, ca } = vendor.settings;
    const v2 = hms.open(
      hms.parseSettings({ version: 'v2', projectId: '4711', clientId, clientSecret, tokenUri, baseUrl, ca }),
    );
    closers.push(() => v2.close());
    await v2.send(target, message());
    const paths = vendor.server.requests.map(({ path }) => path).filter((path) => path.endsWith('messages:send'));
    expect(paths).toEqual(['/v1/app%2F1/messages:send', '/v2/4711/messages:send']);
  });

  it('set a badge only where the app has named its activity', async () => {
    const { vendor, send } = await start(hmsV1Fixture, { badgeClass: undefined });
    expect(await send(message({ badge: 3 }))).toEqual(accepted);
    expect(vendor.sent[0]?.badge).toBeUndefined();
  });
});

describe('MiPush', () => {
  it('sends for the bundle of the token, where an app has several', async () => {
    const { vendor, channel, target } = await start(miPushFixture);
    await channel.send({ ...target, bundle: 'com.example.other' }, message());
    expect(vendor.server.requests[0]?.body.toString()).toContain('restricted_package_name=com.example.other');
  });

  it('takes the channel of the message before its own', async () => {
    const { vendor, send } = await start(miPushFixture);
    await send(message({ androidChannel: 'orders' }));
    await send();
    const channels = vendor.server.requests.map(({ body }) =>
      new URLSearchParams(body.toString()).get('extra.channel_id'),
    );
    expect(channels).toEqual(['orders', '104551']);
  });
});

describe.each([
  [oppoFixture, '19'],
  [vivoFixture, '10207'],
])('$name', (fixture, reason) => {
  it('is down where the clock is 11 minutes off', async () => {
    const { channel, send } = await start(fixture);
    const now = Date.now() - 660_000;
    vi.spyOn(Date, 'now').mockReturnValueOnce(now);
    expect(await channel.probe()).toEqual({ kind: 'refused', reason });
    expect(await send()).toEqual(accepted);
  });
});

/** Faults in turn, one for each third message. */
const FAULTS: readonly VendorFault[] = [
  { kind: 'reset' },
  { kind: 'twice' },
  { kind: 'half' },
  { kind: 'huge' },
  { kind: 'late', ms: 30 },
  { kind: 'answer', answer: { status: 503 } },
  { kind: 'answer', answer: { status: 200, body: '<html>' } },
];

describe('126 messages to a vendor who does all that is wrong', () => {
  it('each end as the vendor has it: what is accepted was taken, what is tried again was not', async () => {
    const { vendor, send } = await start(miPushFixture, { concurrent: 8 });
    const nothing: VendorFault = { kind: 'late', ms: 0 };
    const faults = Array.from({ length: 18 * FAULTS.length }, (_, n) =>
      n % 3 === 0 ? (FAULTS[(n / 3) % FAULTS.length] ?? nothing) : nothing,
    );
    vendor.server.next(...faults);
    const all = await Promise.all(
      faults.map(async () => {
        const sent = message();
        return { id: sent.id, kind: (await send(sent)).kind };
      }),
    );
    const taken = new Set(vendor.sent.map(({ id }) => id));
    const wrong = all.filter(
      ({ id, kind }) => (kind === 'accepted' && !taken.has(id)) || (kind === 'retry' && taken.has(id)),
    );
    expect(wrong).toEqual([]);
    expect(taken.size).toBe(vendor.sent.length);
    expect([...new Set(all.map(({ kind }) => kind))].toSorted()).toEqual(['accepted', 'retry', 'unknown']);
    // Two of the faults are answers in place of the vendor's own.
    expect(taken.size).toBe(all.length - 12);
  });
});
