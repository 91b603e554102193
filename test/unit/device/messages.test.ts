import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Message, messagesOf } from '../../../device/index.js';
import { createWorld, openDevice, type World } from './world.js';

let world: World;
beforeEach(() => {
  vi.useFakeTimers();
  world = createWorld();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Cuts the connection and lets the device come back. */
async function reconnect(): Promise<void> {
  world.socket().end();
  await vi.advanceTimersByTimeAsync(30_000);
  world.socket().open();
}

const confirmed = { needConfirm: true };

describe('messages', () => {
  it('are shown in their order, each once, also when they come again over another connection', async () => {
    const { shown } = await openDevice(world);
    for (const id of [1, 2, 3]) world.socket().push(id);
    await reconnect();
    for (const id of [2, 3, 4]) world.socket().push(id);
    await world.settle();
    expect(shown).toEqual(['1', '2', '3', '4']);
  });

  it('are shown once across restarts', async () => {
    const first = await openDevice(world);
    world.socket().push(1);
    world.socket().push(2, confirmed);
    await world.settle();
    await first.device.close();
    const second = await openDevice(world);
    world.socket().push(1);
    world.socket().push(2, confirmed);
    world.socket().push(3);
    await world.settle();
    expect(second.shown).toEqual(['3']);
    // The first confirmation may have been lost.
    expect(world.socket().sent).toEqual(['CFM:2']);
  });

  it('without needConfirm are stored before they are shown, and those with it after', async () => {
    const log: string[] = [];
    const storage = {
      getItem: () => null,
      setItem: async (key: string, value: string) => {
        if (key.endsWith('seen')) log.push(`stored ${value}`);
      },
      removeItem: () => {},
    };
    const { device } = await openDevice(world, { storage });
    device.on('message', ({ id }) => log.push(`shown ${id}`));
    world.socket().push(1);
    await world.settle();
    world.socket().push(2, confirmed);
    await world.settle();
    expect(log).toEqual(['stored 1', 'shown 1', 'shown 2', 'stored 1,2']);
  });

  it('that come together are stored together', async () => {
    const setItem = vi.fn(() => new Promise((resolve) => setTimeout(resolve, 5)));
    const { device, shown } = world.device({ storage: { getItem: () => null, setItem, removeItem: () => {} } });
    device.connect();
    await vi.advanceTimersByTimeAsync(50);
    world.socket().open();
    setItem.mockClear();
    for (let id = 1; id <= 500; id++) world.socket().push(id);
    await vi.advanceTimersByTimeAsync(50);
    expect(shown.length).toBe(500);
    expect(setItem).toHaveBeenCalledTimes(2);
  });

  it('are remembered by their ids, so many and no more', async () => {
    const first = await openDevice(world, { remember: 3 });
    for (const id of [1, 2, 3, 4]) world.socket().push(id);
    await world.settle();
    await first.device.close();
    const second = await openDevice(world, { remember: 3 });
    for (const id of [4, 3, 2, 1]) world.socket().push(id);
    await world.settle();
    expect(second.shown).toEqual(['1']);
  });

  it('come on where the storage fails, which is told', async () => {
    const refuse = () => {
      throw new Error('full');
    };
    const storage = { getItem: refuse, setItem: refuse, removeItem: refuse };
    const { shown, errors } = await openDevice(world, { storage, nativeToken: 'token' });
    world.socket().push(1);
    world.socket().push(1);
    await world.settle();
    expect(shown).toEqual(['1']);
    expect(errors.length).toBeGreaterThan(0);
  });

  it('wait for the first listener, and for one that takes its time', async () => {
    const { device } = await openDevice(world);
    const messages = messagesOf(device);
    const both: string[] = [];
    device.on('message', async ({ id }) => {
      both.push(`begin ${id}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
      both.push(`end ${id}`);
    });
    world.socket().push(1);
    world.socket().push(2);
    expect((await messages.next()).value?.id).toBe('1');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(both).toEqual(['begin 1', 'end 1']);
    expect((await messages.next()).value?.id).toBe('2');
  });

  it('stop coming when more wait than may, and go on when there is room', async () => {
    const { device } = await openDevice(world);
    const messages = messagesOf(device);
    for (let id = 1; id <= 1_100; id++) world.socket().push(id);
    await world.settle();
    expect(device.state).toEqual({ name: 'paused', cause: 'full' });
    for (let n = 0; n < 700; n++) await messages.next();
    await world.settle();
    expect(world.sockets.length).toBe(2);
    // What had been on its way was not dropped.
    for (let id = 701; id <= 1_100; id++) expect((await messages.next()).value?.id).toBe(String(id));
  });
});

describe('confirming', () => {
  it('is done when all listeners have finished, and again when a message comes again', async () => {
    const { device } = await openDevice(world);
    let finish = (): void => {};
    device.on('message', () => new Promise<void>((resolve) => (finish = resolve)));
    world.socket().push(1, confirmed);
    await world.settle();
    expect(world.socket().sent).toEqual([]);
    finish();
    await world.settle();
    expect(world.socket().sent).toEqual(['CFM:1']);
    world.socket().push(1, confirmed);
    expect(world.socket().sent).toEqual(['CFM:1', 'CFM:1']);
  });

  it('is not done for a listener that fails: the message is shown again when it comes again', async () => {
    const { device, errors } = await openDevice(world);
    let failures = 1;
    const seen: string[] = [];
    device.on('message', async ({ id }) => {
      seen.push(id);
      if (failures-- > 0) throw new Error('no');
    });
    world.socket().push(1, confirmed);
    await world.settle();
    expect([errors.length, world.socket().sent.length]).toEqual([1, 0]);
    world.socket().push(1, confirmed);
    await world.settle();
    expect(seen).toEqual(['1', '1']);
    expect(world.socket().sent).toEqual(['CFM:1']);
  });

  it('is up to the app where it says so, and waits for a connection', async () => {
    const { device, shown } = await openDevice(world, { confirm: 'manual' });
    const messages: Message[] = [];
    device.on('message', (message) => messages.push(message));
    world.socket().push(1, confirmed);
    world.socket().push(1, confirmed);
    await world.settle();
    expect([shown, world.socket().sent]).toEqual([['1'], []]);
    world.socket().end();
    await messages[0]?.confirm();
    await messages[0]?.confirm();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(world.socket().sent).toEqual([]);
    world.socket().open();
    expect(world.socket().sent).toEqual(['CFM:1']);
  });

  it('counts a message of a loop as handled when the loop asks for the next, and not when it breaks', async () => {
    const { device } = await openDevice(world);
    const messages = messagesOf(device);
    for (const id of [1, 2, 3]) world.socket().push(id, confirmed);
    const seen: string[] = [];
    for await (const { id } of messages) {
      seen.push(id);
      if (id === '2') break;
    }
    await world.settle();
    expect(seen).toEqual(['1', '2']);
    expect(world.socket().sent).toEqual(['CFM:1', 'CFM:3']);
  });
});

describe('a loop', () => {
  it('ends when the device is closed', async () => {
    const { device } = await openDevice(world);
    const next = messagesOf(device).next();
    await device.close();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(await messagesOf(device).next()).toEqual({ done: true, value: undefined });
  });
});

describe('messages that are cleared where they are read', () => {
  const shared = { clearOnRead: true };

  it.each([true, false])('are confirmed once, and only by the app, with needConfirm %s', async (needConfirm) => {
    const { device } = await openDevice(world);
    const got: Message[] = [];
    device.on('message', (message) => got.push(message));
    world.socket().push(1, { ...shared, needConfirm });
    await world.settle();
    expect(world.socket().sent).toEqual([]);
    await got[0]?.confirm();
    await got[0]?.confirm();
    expect(world.socket().sent).toEqual(['CFM:1']);
  });

  it('are told of after the next connect, if they were read without one', async () => {
    const { device } = await openDevice(world);
    const got: Message[] = [];
    device.on('message', (message) => got.push(message));
    world.socket().push(1, shared);
    await world.settle();
    world.socket().end();
    await got[0]?.confirm();
    await vi.advanceTimersByTimeAsync(30_000);
    world.socket().open();
    expect(world.socket().sent).toEqual(['CFM:1']);
  });

  it('are taken away, and not shown if they were not, here nor after a restart', async () => {
    const { device } = world.device();
    const cleared: string[] = [];
    device.on('cleared', ({ id }) => cleared.push(id));
    let next: () => void = () => {};
    const shown: string[] = [];
    device.on('message', ({ id }) => {
      shown.push(id);
      return new Promise<void>((resolve) => {
        next = resolve;
      });
    });
    device.connect();
    await world.settle();
    world.socket().open();
    world.socket().push(1, { ...shared, ...confirmed });
    world.socket().push(2, { ...shared, ...confirmed });
    await world.settle();
    world.socket().push(3, shared);
    // Before it is stored that 3 has come, and while the app is busy with 1.
    for (const id of [3, 1, 2, 9]) world.socket().say(`CLR:${id}`);
    await world.settle();
    next();
    await world.settle();
    expect(cleared).toEqual(['3', '1', '2', '9']);
    expect(shown).toEqual(['1']);
    expect(world.socket().sent).toEqual([]);
    await device.close();
    const second = await openDevice(world);
    for (const id of [1, 2, 9]) world.socket().push(id, { ...shared, ...confirmed });
    await world.settle();
    expect(second.shown).toEqual([]);
  });
});
