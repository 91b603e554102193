import { describe, expect, it } from 'vitest';
import { hmsRequest } from '../../../../core/channel/hms/payload.js';
import type { HmsSettings } from '../../../../core/channel/hms/settings.js';
import { mergeOver, notifyIdOf, ttlSeconds, visibleOf } from '../../../../core/channel/payload.js';
import { vivoSize } from '../../../../core/channel/vivo/payload.js';
import type { WakeMessage } from '../../../../core/domain/wake.js';

const message: WakeMessage = {
  id: '1',
  appId: 'demo-app',
  kind: 'ALERT',
  key: '1',
  body: 'A text',
  priority: 'NORMAL',
  expiresAt: Date.now() + 60_000,
};

describe('mergeOver', () => {
  it('merges objects, and replaces all else', () => {
    const base = { a: { b: 1, c: [1, 2] }, d: 'x' };
    const merged = mergeOver(base, { a: { c: [3], e: null }, d: { f: 1 } });
    expect(merged).toEqual({ a: { b: 1, c: [3], e: null }, d: { f: 1 } });
    expect(base).toEqual({ a: { b: 1, c: [1, 2] }, d: 'x' });
    expect(mergeOver(base, undefined)).toBe(base);
  });

  it('takes no prototype from JSON', () => {
    const merged = mergeOver({}, JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"x": 1}}'));
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
    expect('polluted' in merged).toBe(false);
  });
});

describe('notifyIdOf', () => {
  it('is a positive number of 31 bits, the same for the same key', () => {
    for (let i = 0; i < 1_000; i += 1) {
      const id = notifyIdOf(`key-${i}`);
      expect(id).toBeGreaterThan(0);
      expect(id).toBeLessThan(2 ** 31);
      expect(notifyIdOf(`key-${i}`)).toBe(id);
    }
  });
});

describe('ttlSeconds', () => {
  it('is the rest of the life within bounds', () => {
    const at = (ms: number): WakeMessage => ({ ...message, expiresAt: Date.now() + ms });
    expect(ttlSeconds(at(-5_000), 100)).toBe(1);
    expect(ttlSeconds(at(500), 100, 60)).toBe(60);
    expect(ttlSeconds(at(9_900), 100)).toBe(10);
    expect(ttlSeconds(at(1e12), 100)).toBe(100);
  });
});

describe('what a vendor may see', () => {
  it('is nothing of a message without a body', () => {
    const hidden = { ...message, body: undefined, title: 'T', image: 'i', clickTarget: 'c', override: { a: 1 } };
    expect(visibleOf(hidden, {})).toEqual({ title: 'New message', body: 'Open the app to read it.' });
    expect(visibleOf(hidden, { title: 'News', text: 'Look' })).toEqual({ title: 'News', body: 'Look' });
  });
});

describe("vivo's size", () => {
  it('counts what is no ASCII twice, emoji too', () => {
    expect(vivoSize('ab')).toBe(2);
    expect(vivoSize('中文')).toBe(4);
    expect(vivoSize('😀')).toBe(4);
  });
});

describe('a message for HMS', () => {
  const settings: HmsSettings = { version: 'v1', clientId: 'c', clientSecret: 's' };

  it('has at most 4096 bytes, however its text is escaped', () => {
    for (const body of ['"'.repeat(9_000), '\u0001'.repeat(9_000), '文'.repeat(9_000), 'x'.repeat(9_000)]) {
      const { length } = Buffer.from(hmsRequest(settings, { token: 't'.repeat(130) }, { ...message, body }).body);
      expect(length).toBeLessThanOrEqual(4096);
      expect(length).toBeGreaterThan(4080);
    }
  });
});
