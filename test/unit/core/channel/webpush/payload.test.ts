import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MAX_JSON_BYTES, toHeaders, toPayload } from '../../../../../core/channel/webpush/payload.js';
import type { WakeMessage } from '../../../../../core/domain/wake.js';

const NOW = 1_700_000_000_000;
const message = (fields: Partial<WakeMessage> = {}): WakeMessage => ({
  id: '1',
  appId: 'demo',
  kind: 'ALERT',
  key: 'order-7',
  title: 'Order 7',
  body: 'On its way',
  priority: 'NORMAL',
  expiresAt: NOW + 60_000,
  ...fields,
});

const read = (fields: Partial<WakeMessage> = {}): Record<string, unknown> =>
  JSON.parse(toPayload(message(fields)) ?? 'null');

describe('the payload', () => {
  it('has the members of a notification, and the ids', () => {
    const all = read({ clickTarget: 'https://shop.example/7', image: 'https://shop.example/7.png', badge: 0 });
    expect(all).toEqual({
      id: '1',
      appId: 'demo',
      tag: 'order-7',
      title: 'Order 7',
      body: 'On its way',
      url: 'https://shop.example/7',
      image: 'https://shop.example/7.png',
      badge: 0,
    });
  });

  it('is silent where the push may not disturb, and only there', () => {
    expect(read({ interruption: 'PASSIVE' }).silent).toBe(true);
    expect(read({ interruption: 'CRITICAL' })).not.toHaveProperty('silent');
    expect(read({ kind: 'BACKGROUND' })).toEqual(read());
  });

  it.each(['needConfirm', 'clearOnRead'] as const)('says %s of its message, whatever an override says', (name) => {
    expect(read()).not.toHaveProperty(name);
    expect(read({ [name]: true, override: { [name]: 'no' } })[name]).toBe(true);
  });

  it('has nothing that a caller wrote where the content is hidden', () => {
    const hidden = { body: undefined, image: 'https://a/b', clickTarget: 'https://a/c', override: { x: 1 } };
    expect(read(hidden)).toEqual({ id: '1', appId: 'demo', tag: 'order-7' });
  });

  it('takes an override, but not for the ids', () => {
    const override = { body: 'Other', icon: '/i.png', id: 'x', appId: 'y' };
    expect(read({ override })).toMatchObject({ id: '1', appId: 'demo', body: 'Other', icon: '/i.png' });
  });

  it.each([
    ['é'.repeat(10_000), 'é'],
    ['"'.repeat(10_000), '"'],
    ['👨‍👩‍👧'.repeat(1_000), '👨‍👩‍👧'],
  ])('is cut at a character, and uses what there is', (body, character) => {
    const text = toPayload(message({ body })) ?? '';
    const bytes = Buffer.byteLength(text);
    expect(bytes).toBeLessThanOrEqual(MAX_JSON_BYTES);
    expect(bytes).toBeGreaterThan(MAX_JSON_BYTES - 30);
    expect(String(JSON.parse(text).body).replaceAll(character, '')).toBe('');
  });

  it('leaves addresses out that leave no room for the text', () => {
    const long = (name: string): string => `https://a.example/${name.repeat(1_000)}`;
    expect(read({ image: long('i'), clickTarget: long('u') })).toMatchObject({ url: long('u'), body: 'On its way' });
    expect(read({ image: long('i'), clickTarget: long('u') })).not.toHaveProperty('image');
    expect(read({ clickTarget: long('uu') })).not.toHaveProperty('url');
  });

  it('is none where an override is larger than all of it may be', () => {
    expect(toPayload(message({ override: { data: 'x'.repeat(MAX_JSON_BYTES) } }))).toBeUndefined();
  });
});

describe('the headers', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: NOW });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('have the rest of the life in seconds, from one second to four weeks', () => {
    expect(toHeaders(message()).ttl).toBe('60');
    expect(toHeaders(message({ expiresAt: NOW + 10 })).ttl).toBe('1');
    expect(toHeaders(message({ expiresAt: NOW + 1e11 })).ttl).toBe('2419200');
  });

  it('have a topic of 32 characters of base64url, the same for the same key', () => {
    const { topic } = toHeaders(message({ key: '订单/7'.repeat(10) }));
    expect(topic).toMatch(/^[A-Za-z0-9_-]{32}$/);
    expect(toHeaders(message({ key: '订单/7'.repeat(10), id: '2' })).topic).toBe(topic);
    expect(toHeaders(message()).topic).not.toBe(topic);
  });

  it('have the priority as urgency', () => {
    const urgency = (['LOW', 'NORMAL', 'HIGH'] as const).map((priority) => toHeaders(message({ priority })).urgency);
    expect(urgency).toEqual(['low', 'normal', 'high']);
  });
});
