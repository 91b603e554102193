import { describe, expect, it } from 'vitest';
import { createBackgroundRecord } from '../../../device/background-record.js';
import { chooseTarget } from '../../../device/click-target.js';
import type { Fetch } from '../../../device/host.js';
import { memoryStorage, safeStorage } from '../../../device/storage.js';

const OWN = 'https://app.example.com/sw.js';

describe('the target of a click', () => {
  it.each([
    ['an address of the app', 'https://app.example.com/orders/1', 'https://app.example.com/orders/1'],
    ['one within the app', '/orders/1', 'https://app.example.com/orders/1'],
    ['one that the app allows', 'https://shop.example.com/1', 'https://shop.example.com/1'],
    ['one of another port', 'https://shop.example.com:8443/1', 'https://app.example.com/home'],
    ['one of another scheme', 'http://shop.example.com/1', 'https://app.example.com/home'],
    ['one of a stranger', 'https://evil.example/1', 'https://app.example.com/home'],
    ['one of a stranger, spelled without a scheme', '//evil.example/1', 'https://app.example.com/home'],
    ['one that hides its host', 'https://shop.example.com@evil.example/', 'https://app.example.com/home'],
    ['a script', ' jAvA\tScript:alert(1)', 'https://app.example.com/home'],
    ['data', 'data:text/html,x', 'https://app.example.com/home'],
    ['no address', 'https://', 'https://app.example.com/home'],
    ['nothing', undefined, 'https://app.example.com/home'],
    ['no text', { href: 'https://app.example.com/' }, 'https://app.example.com/home'],
  ])('is opened, or else the app is: %s', (_, target, expected) => {
    const options = { home: '/home', openable: ['https://shop.example.com'] };
    expect(chooseTarget(target, OWN, options).url).toBe(expected);
  });

  it('is any of the web where the app says so, but never a script', () => {
    const openable = '*';
    expect(chooseTarget('http://elsewhere.example/', OWN, { openable }).url).toBe('http://elsewhere.example/');
    expect(chooseTarget('javascript:alert(1)', OWN, { openable })).toEqual({
      url: 'https://app.example.com/',
      isHome: true,
    });
  });
});

describe('the record of a service worker', () => {
  /** A record whose service answers with these statuses, one after the other; 0: not at all. */
  async function newRecord(statuses: number[] = [], device = '{"id":"d1","sent":"https://push.example.com {}"}') {
    const storage = safeStorage(memoryStorage(), 'onepush.a.', (error) => expect.fail(String(error)));
    await storage.set('device', device);
    await storage.set('seen', 's1,s2');
    const asked: unknown[] = [];
    const fetch: Fetch = async (url, init) => {
      const { headers, body } = init as { headers: Record<string, string>; body: string };
      asked.push([url, headers.Authorization, JSON.parse(body).ids]);
      const status = statuses.shift() ?? 200;
      if (status === 0) throw new TypeError('no network');
      return { status, headers: { get: () => null }, text: async () => '{}' };
    };
    return { record: createBackgroundRecord(storage, fetch), asked };
  }
  const call = (...ids: string[]) => ['https://push.example.com/msgpush/confirm', 'Bearer d1', ids];

  it('knows what it has shown, the last two hundred, and what a page was done with', async () => {
    const { record } = await newRecord();
    for (let id = 1; id <= 201; id++) await record.shown(String(id));
    const had = await Promise.all(['1', '2', '201', 's1', 's2', 's3'].map((id) => record.wasHad(id)));
    expect(had).toEqual([false, true, true, true, true, false]);
  });

  it('confirms with the id of the device, and again what the service did not take', async () => {
    const { record, asked } = await newRecord([0, 503, 429, 200]);
    expect(await record.confirm(['1'])).toBe(false);
    expect(await record.confirm(['2'])).toBe(false);
    expect(await record.confirm([])).toBe(false);
    expect(await record.confirm(['2', '3'])).toBe(true);
    expect(await record.confirm([])).toBe(true);
    expect(asked).toEqual([call('1'), call('1', '2'), call('1', '2'), call('1', '2', '3')]);
  });

  it('gives up where the service knows the device no more', async () => {
    const { record, asked } = await newRecord([404]);
    expect([await record.confirm(['1']), await record.confirm([])]).toEqual([true, true]);
    expect(asked).toEqual([call('1')]);
  });

  it('confirms nothing without a registration', async () => {
    const { record, asked } = await newRecord([], 'rubbish');
    expect(await record.confirm(['1'])).toBe(true);
    expect(asked).toEqual([]);
  });
});
