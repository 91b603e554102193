import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createWorld, openDevice, stubPage, type World } from './world.js';

let world: World;
beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  world = createWorld();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('a device that connects', () => {
  it('registers, connects, and tells its states', async () => {
    const { device, states } = await openDevice(world, { tags: ['news'], nativeToken: 'token' });
    expect(states).toEqual(['following', 'registering', 'connecting', 'open']);
    expect(world.calls).toEqual([
      {
        path: '/msgpush/register',
        body: { alias: 'alice', appId: 'app', platform: 'WEB', nativeToken: 'token', tag: ['news'] },
        authorization: undefined,
      },
    ]);
    // Proxies write addresses into their logs.
    expect(world.socket().url).toBe('ws://edge.test/msgpush.ws?control=1');
    expect(world.socket().protocols).toEqual(['onepush.v1', 'onepush.device.id-1']);
    expect(device.id).toBe('id-1');
  });

  it('comes again after a cut, each time later, up to half a minute, without registering', async () => {
    const { states } = await openDevice(world);
    const pauses: number[] = [];
    for (let n = 0; n < 7; n++) {
      const before = world.sockets.length;
      world.socket().end();
      const from = Date.now();
      while (world.sockets.length === before) await vi.advanceTimersToNextTimerAsync();
      pauses.push(Date.now() - from);
    }
    expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 15000, 15000]);
    expect(world.calls.length).toBe(1);
    expect(states.filter((name) => name === 'registering').length).toBe(1);
  });

  it('begins with short pauses again once a connection has held', async () => {
    await openDevice(world);
    for (let n = 0; n < 4; n++) {
      world.socket().end();
      await vi.advanceTimersToNextTimerAsync();
    }
    world.socket().open();
    await pass(10_000);
    world.socket().end();
    await pass(500);
    expect(world.sockets.length).toBe(6);
  });

  it.each([1001, 1012])('comes back after %i when the server says', async (code) => {
    const { device } = await openDevice(world);
    world.socket().end(code, 'reconnect after 3074 ms');
    expect(device.state).toEqual({ name: 'waiting', ms: 3074, code });
    await pass(3073);
    expect(world.sockets.length).toBe(1);
    await pass(1);
    expect(world.sockets.length).toBe(2);
  });

  it.each([4403, 4429])('comes back after %i in minutes', async (code) => {
    await openDevice(world);
    world.socket().end(code);
    await pass(60_000);
    expect(world.sockets.length).toBe(1);
    await pass(120_000);
    expect(world.sockets.length).toBe(2);
  });

  it.each([4404, 4411])('registers anew after %i, and connects with the new id', async (code) => {
    const { device } = await openDevice(world);
    world.socket().end(code);
    await world.settle();
    expect(world.calls.length).toBe(2);
    expect(device.id).toBe('id-2');
    expect(world.sockets.length).toBe(2);
  });

  it('does not register in a loop where a new id is refused too', async () => {
    await openDevice(world);
    for (let n = 0; n < 3; n++) {
      world.socket().end(4404);
      await world.settle();
    }
    expect(world.calls.length).toBe(2);
    await pass(30_000);
    expect(world.calls.length).toBe(3);
  });

  it.each([
    [4400, 'malformed'],
    [4409, 'replaced'],
    [4410, 'unregistered'],
    [4499, 'refused'],
  ])('ends for good after %i', async (code, reason) => {
    const { device, states } = await openDevice(world);
    const closed = vi.fn();
    device.on('closed', closed);
    world.socket().end(code);
    await pass(3_600_000);
    expect(device.state).toEqual({ name: 'closed', reason, code });
    expect(closed).toHaveBeenCalledExactlyOnceWith({ name: 'closed', reason, code });
    expect(world.sockets.length).toBe(1);
    expect(states.at(-1)).toBe('closed');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('connects again after its end when it is told to, and registers if it was unregistered', async () => {
    const { device } = await openDevice(world);
    world.socket().end(4410);
    device.connect();
    await world.settle();
    world.socket().open();
    expect(device.state.name).toBe('open');
    expect(world.calls.length).toBe(2);
  });

  it('gives up an attempt that nobody answers', async () => {
    const { device } = await openDevice(world);
    world.socket().end();
    await pass(500);
    await pass(15_000);
    expect(device.state).toMatchObject({ name: 'waiting', code: 1006 });
    expect(world.socket().isClosed).toBe(true);
  });

  it('is closed by its signal, also before it connects, and leaves no timer', async () => {
    const controller = new AbortController();
    const { device } = await openDevice(world, { signal: controller.signal });
    controller.abort();
    expect(device.state).toEqual({ name: 'closed', reason: 'closed' });
    expect(world.socket().isClosed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
    device.connect();
    await pass(60_000);
    expect(world.sockets.length).toBe(1);
  });
});

describe('the heartbeat', () => {
  it('asks after half a minute of silence, and leaves a connection that does not answer', async () => {
    const { device } = await openDevice(world);
    await pass(30_000);
    expect(world.socket().sent).toEqual(['HBT']);
    await pass(10_000);
    expect(device.state).toMatchObject({ name: 'waiting', code: 1006 });
    expect(world.socket().isClosed).toBe(true);
  });

  it('does not ask while frames come, and takes any frame for an answer', async () => {
    const { device, shown } = await openDevice(world);
    for (let n = 1; n <= 4; n++) {
      await pass(29_000);
      world.socket().push(n);
    }
    expect(world.socket().sent).toEqual([]);
    await pass(30_000);
    expect(world.socket().sent).toEqual(['HBT']);
    world.socket().push(5);
    await pass(29_000);
    expect(device.state.name).toBe('open');
    expect(shown.length).toBe(5);
  });

  it('wakes a hidden page 20 times in an idle hour, and a page in view every half minute', async () => {
    const page = stubPage();
    await openDevice(world, { shareTabs: false, pauseHiddenAfterMs: Number.POSITIVE_INFINITY });
    const answered = async (ms: number) => {
      const socket = world.socket();
      const before = socket.sent.length;
      for (const until = Date.now() + ms; Date.now() < until; ) {
        const count = socket.sent.length;
        await pass(1_000);
        if (socket.sent.length > count) socket.say('ACK1');
      }
      return socket.sent.length - before;
    };
    expect(await answered(600_000)).toBeGreaterThanOrEqual(18);
    page.hide();
    expect(await answered(3_600_000)).toBeLessThanOrEqual(20);
  });

  it('gives a page that was asleep another chance to hear the answer', async () => {
    const { device } = await openDevice(world);
    await pass(30_000);
    // The timer of the answer fires late, before the answer is told.
    vi.setSystemTime(Date.now() + 60_000);
    const clock = performance.now();
    vi.spyOn(performance, 'now').mockImplementation(() => clock + 60_000);
    await pass(10_000);
    expect(device.state.name).toBe('open');
    world.socket().say('ACK1');
    await pass(10_000);
    expect(device.state.name).toBe('open');
  });
});

describe('a page', () => {
  it('lets its connection go when it was hidden for long, and comes back at once', async () => {
    const page = stubPage();
    const { device } = await openDevice(world, { shareTabs: false, pauseHiddenAfterMs: 1_000 });
    page.hide();
    await pass(999);
    expect(device.state.name).toBe('open');
    await pass(1);
    expect(device.state).toEqual({ name: 'paused', cause: 'hidden' });
    expect(world.socket().isClosed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
    page.show();
    await world.settle();
    expect(world.sockets.length).toBe(2);
  });

  it('does not, if it was in view again before', async () => {
    const page = stubPage();
    const { device } = await openDevice(world, { shareTabs: false, pauseHiddenAfterMs: 1_000 });
    page.hide();
    await pass(999);
    page.show();
    await pass(5_000);
    expect(device.state.name).toBe('waiting');
    // It was asked at once whether it is there.
    expect(world.sockets[0]?.sent).toEqual(['HBT']);
  });

  it('rests while there is no network', async () => {
    const page = stubPage();
    const { device } = await openDevice(world, { shareTabs: false });
    page.goOffline();
    expect(device.state).toEqual({ name: 'paused', cause: 'offline' });
    await pass(3_600_000);
    expect(world.sockets.length).toBe(1);
    page.goOnline();
    await world.settle();
    expect(world.sockets.length).toBe(2);
  });

  it('waits no longer for its turn when it is in view again, unless the server has asked for the pause', async () => {
    const page = stubPage();
    await openDevice(world, { shareTabs: false });
    world.socket().end();
    page.show();
    expect(world.sockets.length).toBe(2);
    world.socket().open();
    world.socket().end(1012, 'reconnect after 4000 ms');
    page.show();
    expect(world.sockets.length).toBe(2);
  });

  it('is left without listeners when the device is closed', async () => {
    const page = stubPage();
    const { device } = await openDevice(world, { shareTabs: false });
    expect(page.listeners()).toBeGreaterThan(0);
    await device.close();
    expect(page.listeners()).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('an app that knows better', () => {
  it('pauses and resumes', async () => {
    const { device } = await openDevice(world);
    device.pause();
    expect(device.state).toEqual({ name: 'paused', cause: 'app' });
    device.resume();
    await world.settle();
    expect(world.sockets.length).toBe(2);
  });
});
