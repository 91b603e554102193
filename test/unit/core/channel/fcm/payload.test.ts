import { describe, expect, it } from 'vitest';
import { fcmMessage } from '../../../../../core/channel/fcm/payload.js';
import type { FcmSettings } from '../../../../../core/channel/fcm/settings.js';
import type { WakeMessage } from '../../../../../core/domain/wake.js';

const SETTINGS: FcmSettings = { serviceAccount: { project_id: 'shop', private_key: '', client_email: 'a@b' } };

function made(fields: Partial<WakeMessage> = {}, settings: Partial<FcmSettings> = {}) {
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
  return fcmMessage({ ...SETTINGS, ...settings }, 'token', message);
}

describe('an alert', () => {
  it('has what the message has, and nothing else', () => {
    expect(made()).toEqual({
      token: 'token',
      notification: { body: 'Text' },
      data: { id: '17', appId: 'shop' },
      android: { priority: 'HIGH', ttl: '3600s', notification: { tag: 'a-key' } },
    });
    const all = made({
      title: 'Title',
      image: 'https://example.com/a.png',
      clickTarget: 'OPEN_ORDER',
      androidChannel: 'orders',
      sound: 'bell',
      badge: 3,
      priority: 'LOW',
    });
    expect(all).toEqual({
      token: 'token',
      notification: { title: 'Title', body: 'Text', image: 'https://example.com/a.png' },
      data: { id: '17', appId: 'shop', clickTarget: 'OPEN_ORDER', badge: '3' },
      android: {
        priority: 'NORMAL',
        ttl: '3600s',
        notification: {
          tag: 'a-key',
          channel_id: 'orders',
          click_action: 'OPEN_ORDER',
          sound: 'bell',
          notification_count: 3,
        },
      },
    });
  });

  it('leaves an address for the app, which is no action', () => {
    const message = made({ clickTarget: 'shop://order/1' });
    expect(message).toMatchObject({ data: { clickTarget: 'shop://order/1' } });
    expect(JSON.stringify(message)).not.toContain('click_action');
  });

  it('tells the app of a badge of 0, and FCM not: it would add one', () => {
    expect(made({ badge: 0 })).toMatchObject({ data: { badge: '0' } });
    expect(JSON.stringify(made({ badge: 0 }))).not.toContain('notification_count');
    expect(JSON.stringify(made())).not.toContain('badge');
  });

  it('lives for 28 days at the most', () => {
    expect(made({ expiresAt: Date.now() + 40 * 86_400_000 })).toMatchObject({ android: { ttl: '2419200s' } });
  });

  it('of an app that hides its content has the texts of the settings', () => {
    const hidden = {
      body: undefined,
      title: 'Secret',
      image: 'https://example.com/secret',
      clickTarget: 'secret',
      key: 'secret',
    };
    expect(made(hidden)).toMatchObject({ notification: { body: 'Open the app to read it.' } });
    expect(JSON.stringify(made(hidden, { title: 'Shop' })).toLowerCase()).not.toContain('secret');
  });

  it('has at most 4096 bytes, whatever it is made of', () => {
    for (const body of ['x'.repeat(65_536), '文'.repeat(20_000), '👨‍👩‍👧'.repeat(3000), '"\\\n'.repeat(20_000)]) {
      for (const address of [undefined, `https://example.com/${'a'.repeat(2000)}`]) {
        const message = made({ body, title: '题'.repeat(1024), image: address, clickTarget: address });
        const { token, ...counted } = message ?? {};
        expect(token).toBe('token');
        expect(Buffer.byteLength(JSON.stringify(counted))).toBeLessThanOrEqual(4096);
        expect(Buffer.byteLength(JSON.stringify(counted))).toBeGreaterThan(4000);
      }
    }
  });

  it('is merged with the override, which cannot take the id or the token', () => {
    const override = { data: { id: 'x', own: '1' }, token: 'y', android: { notification: { color: '#ff0000' } } };
    expect(made({ override })).toMatchObject({
      token: 'token',
      data: { id: '17', appId: 'shop', own: '1' },
      android: { notification: { tag: 'a-key', color: '#ff0000' } },
    });
    expect(made({ override: { data: null } })).toMatchObject({ data: { id: '17', appId: 'shop' } });
    expect(made({ override: { data: { own: 'x'.repeat(4096) } } })).toBeUndefined();
  });
});

describe('a background message', () => {
  it('is data alone', () => {
    expect(made({ kind: 'BACKGROUND', title: 'Title', badge: 1 })).toEqual({
      token: 'token',
      data: { id: '17', appId: 'shop' },
      android: { priority: 'NORMAL', ttl: '3600s' },
    });
    expect(made({ kind: 'BACKGROUND', priority: 'HIGH' })).toMatchObject({ android: { priority: 'HIGH' } });
  });
});
