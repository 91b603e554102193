import { describe, expect, it } from 'vitest';
import { apnsNotification } from '../../../../../core/channel/apns/payload.js';
import type { ApnsSettings } from '../../../../../core/channel/apns/settings.js';
import type { WakeMessage } from '../../../../../core/domain/wake.js';

const SETTINGS: ApnsSettings = { teamId: 'TEAM123456', keyId: 'KEY1234567', privateKey: '', bundle: 'com.example.app' };

function made(fields: Partial<WakeMessage> = {}, settings: Partial<ApnsSettings> = {}) {
  const message: WakeMessage = {
    id: '17',
    appId: 'shop',
    kind: 'ALERT',
    key: 'a-key',
    body: 'Text',
    priority: 'NORMAL',
    expiresAt: Date.now() + 3_600_000,
    ...fields,
  };
  return apnsNotification({ ...SETTINGS, ...settings }, message);
}
const payloadOf = (...of: Parameters<typeof made>) => JSON.parse(made(...of)?.body ?? 'null');
const headersOf = (...of: Parameters<typeof made>) => made(...of)?.headers ?? {};

describe('an alert', () => {
  it('has what the message has, and nothing else', () => {
    expect(payloadOf()).toEqual({ aps: { alert: { body: 'Text' } }, id: '17', appId: 'shop' });
    const all = payloadOf({
      title: 'Title',
      image: 'https://example.com/a.png',
      clickTarget: 'shop://order/1',
      category: 'ORDER',
      thread: 'orders',
      interruption: 'TIME_SENSITIVE',
      sound: 'bell.caf',
      badge: 3,
      androidChannel: 'no',
    });
    expect(all).toEqual({
      aps: {
        alert: { title: 'Title', body: 'Text' },
        badge: 3,
        sound: 'bell.caf',
        category: 'ORDER',
        'thread-id': 'orders',
        'interruption-level': 'time-sensitive',
        'mutable-content': 1,
      },
      image: 'https://example.com/a.png',
      clickTarget: 'shop://order/1',
      id: '17',
      appId: 'shop',
    });
  });

  it('removes the badge with 0, and leaves it without one', () => {
    expect(payloadOf({ badge: 0 }).aps.badge).toBe(0);
    expect('badge' in payloadOf().aps).toBe(false);
  });

  it('that is critical has a critical sound', () => {
    expect(payloadOf({ interruption: 'CRITICAL' }).aps.sound).toEqual({ critical: 1, name: 'default', volume: 1 });
  });

  it('of an app that hides its content has the texts of the settings', () => {
    const hidden = {
      body: undefined,
      title: 'Secret',
      image: 'https://example.com/secret',
      clickTarget: 'secret',
      thread: 'secret',
      key: 'secret',
    };
    expect(payloadOf(hidden, { title: 'Shop', text: 'News' })).toEqual({
      aps: { alert: { title: 'Shop', body: 'News' } },
      id: '17',
      appId: 'shop',
    });
    expect(JSON.stringify(headersOf(hidden))).not.toContain('secret');
    expect(payloadOf(hidden).aps.alert).toEqual({ body: 'Open the app to read it.' });
  });

  it('has at most 4096 bytes, whatever it is made of', () => {
    const long = (text: string, count: number) => text.repeat(count);
    for (const body of [long('x', 65_536), long('文', 20_000), long('👨‍👩‍👧', 3000), long('"\\\n', 20_000)]) {
      for (const title of [undefined, long('题', 1024)]) {
        for (const image of [undefined, `https://example.com/${long('a', 2000)}`]) {
          const { body: json = '' } = made({ body, title, image, clickTarget: image, thread: long('题', 255) }) ?? {};
          expect(Buffer.byteLength(json)).toBeLessThanOrEqual(4096);
          expect(Buffer.byteLength(json)).toBeGreaterThan(4096 - 40);
          const { alert } = JSON.parse(json).aps;
          expect(body.startsWith(alert.body)).toBe(true);
          expect(alert.body.length > 0 && (title === undefined || alert.title.length > 0)).toBe(true);
        }
      }
    }
  });

  it('leaves out the picture, then the click target, where there is no room for the text', () => {
    const long = `https://example.com/${'a'.repeat(2020)}`;
    const { image, clickTarget, aps } = payloadOf({ image: long, clickTarget: long, body: 'x'.repeat(5000) });
    expect([image, clickTarget, 'mutable-content' in aps]).toEqual([undefined, long, false]);
  });

  it('is merged with the override, which cannot take the id', () => {
    const override = { aps: { badge: 9, alert: { subtitle: 'Sub' } }, id: null, appId: 'other', own: [1] };
    expect(payloadOf({ badge: 1, override })).toEqual({
      aps: { alert: { body: 'Text', subtitle: 'Sub' }, badge: 9 },
      own: [1],
      id: '17',
      appId: 'shop',
    });
  });

  it('is none with an override that is too large or takes all of it', () => {
    expect(made({ override: { own: 'x'.repeat(4096) } })).toBeUndefined();
    expect(made({ override: { aps: { alert: 'x'.repeat(4096) } } })).toBeUndefined();
    expect(made({ override: { aps: null } })).toBeUndefined();
  });
});

describe('a background notification', () => {
  it('has the ids and no more', () => {
    expect(payloadOf({ kind: 'BACKGROUND', badge: 1, sound: 'a', title: 'Title' })).toEqual({
      aps: { 'content-available': 1 },
      id: '17',
      appId: 'shop',
    });
    expect(headersOf({ kind: 'BACKGROUND', priority: 'HIGH' })).toMatchObject({
      'apns-push-type': 'background',
      'apns-priority': '5',
    });
  });
});

describe('the headers', () => {
  it('have the priority', () => {
    for (const [priority, expected] of Object.entries({ LOW: '5', NORMAL: '10', HIGH: '10' } as const)) {
      // Safe: the keys are priorities.
      const headers = headersOf({ priority: priority as WakeMessage['priority'] });
      expect(headers).toMatchObject({ 'apns-push-type': 'alert', 'apns-priority': expected });
    }
  });

  it('have the end of its life in seconds, within 30 days', () => {
    const now = Date.now() / 1000;
    const expirationOf = (ms: number) => Number(headersOf({ expiresAt: Date.now() + ms })['apns-expiration']) - now;
    expect(Math.abs(expirationOf(60_000) - 60)).toBeLessThan(3);
    expect(Math.abs(expirationOf(40 * 86_400_000) - 2_592_000)).toBeLessThan(3);
    expect(expirationOf(-5000)).toBeGreaterThan(-1);
  });

  it('have the key, or a hash of one that no header carries', () => {
    const idOf = (key: string) => headersOf({ key })['apns-collapse-id'] ?? '';
    expect(idOf('order-1')).toBe('order-1');
    expect(idOf('x'.repeat(64))).toBe('x'.repeat(64));
    for (const key of ['题'.repeat(64), 'x'.repeat(65), 'a b', 'a\nb', 'é']) {
      expect(idOf(key)).toMatch(/^[\w-]{43}$/);
      expect(idOf(key)).toBe(idOf(key));
      expect(idOf(key)).not.toBe(idOf(`${key}x`));
    }
  });
});
