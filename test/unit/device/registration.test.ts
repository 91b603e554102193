import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RegistrationError } from '../../../device/index.js';
import { createWorld, openDevice, type World } from './world.js';

let world: World;
beforeEach(() => {
  vi.useFakeTimers();
  world = createWorld();
});
afterEach(() => {
  vi.useRealTimers();
});
const aliases = () => world.calls.map(({ body }) => body.alias);

describe('a registration', () => {
  it('is sent only if something of it has changed since the last run', async () => {
    for (const tags of [['a'], ['a'], ['b'], ['b']]) {
      const { device } = await openDevice(world, { tags });
      await device.close();
    }
    expect(world.calls.map(({ body }) => body.tag)).toEqual([['a'], ['b']]);
    const [first, second] = world.calls;
    // Made up once for this installation.
    expect(first?.body.nativeToken).toMatch(/^[0-9a-f]{32}$/);
    expect(second?.body.nativeToken).toBe(first?.body.nativeToken);
  });

  it('carries a token that is fetched for it', async () => {
    let count = 0;
    const token = vi.fn(async () => `token-${++count}`);
    const { device } = await openDevice(world, { token });
    device.update({ tags: ['new'] });
    await world.settle();
    expect(world.calls.map(({ authorization }) => authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
    expect(token).toHaveBeenCalledTimes(2);
  });

  it('is tried again when the service cannot be reached, or the token cannot be fetched', async () => {
    let failures = 0;
    world.answer = () => {
      if (failures++ < 3) throw new Error('no network');
      return { body: { id: 'id-1' } };
    };
    const token = vi.fn().mockRejectedValueOnce(new Error('no token')).mockResolvedValue('token');
    const { device, errors } = world.device({ token });
    device.connect();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(device.id).toBe('id-1');
    expect(errors.length).toBe(4);
  });

  it('waits as long as the service asks', async () => {
    world.answer = () => ({ status: 503, body: { code: 50301, message: 'later' }, retryAfter: '20' });
    const { device, errors } = world.device();
    device.connect();
    await world.settle();
    expect(device.state).toEqual({ name: 'waiting', ms: 20_000 });
    expect(errors[0]).toMatchObject({ name: 'RegistrationError', status: 503, code: 50301, message: 'later' });
  });

  it.each([400, 401, 404])('that is answered %i ends the device, until it is connected again', async (status) => {
    world.answer = () => ({ status, body: { code: status * 100 + 1, message: 'no' } });
    const { device, errors } = world.device();
    device.connect();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(device.state).toEqual({ name: 'closed', reason: 'refused' });
    expect(errors.length).toBe(1);
    expect(errors[0]).toBeInstanceOf(RegistrationError);
    world.answer = () => ({ body: { id: 'id-1' } });
    device.connect();
    await world.settle();
    expect(device.id).toBe('id-1');
  });

  it('is given up after a while without an answer', async () => {
    const { device } = world.device({
      fetch: (_url, init) =>
        new Promise((_resolve, reject) => {
          const { signal } = init as RequestInit;
          signal?.addEventListener('abort', () => reject(new Error('aborted')));
        }),
    });
    device.connect();
    await vi.advanceTimersByTimeAsync(15_000);
    expect(device.state.name).toBe('waiting');
    await device.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('of another user drops what the user before was not shown yet, and what still comes for him', async () => {
    const { device, shown } = await openDevice(world);
    let release = (): void => {};
    device.on('message', () => new Promise<void>((resolve) => (release = resolve)));
    const before = world.socket();
    for (const id of [1, 2]) before.push(id);
    await world.settle();
    device.update({ alias: 'bob' });
    before.push(3);
    release();
    await world.settle();
    world.socket().open();
    world.socket().push(4);
    await world.settle();
    expect(before.isClosed).toBe(true);
    expect(aliases()).toEqual(['alice', 'bob']);
    expect(shown).toEqual(['1', '4']);
  });

  it('ends when the device is unregistered', async () => {
    const { device } = await openDevice(world);
    await device.unregister();
    expect(world.calls.at(-1)).toMatchObject({ path: '/msgpush/unregister', authorization: 'Bearer id-1' });
    expect(device.state).toEqual({ name: 'closed', reason: 'unregistered' });
    const again = await openDevice(world);
    expect(again.device.id).toBe('id-2');
  });

  it('stays when the service cannot be told of its end', async () => {
    const { device } = await openDevice(world);
    world.answer = () => ({ status: 503 });
    await expect(device.unregister()).rejects.toThrow(RegistrationError);
    expect(device.state.name).toBe('open');
  });
});

it('options that cannot work are refused at once', () => {
  expect(() => world.device({ url: 'edge.test' })).toThrow(TypeError);
});
