import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { WakeOutcome } from '../../../../../core/domain/wake.js';
import { ACCEPTED, DOWN, MINUTE, scripted, send, sendAll } from '../../../../support/channels/scripted-channel.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the pace of a credential', () => {
  it('is as many messages a second as its settings say, after a burst of one second', async () => {
    const { script, channel } = scripted({ perSecond: 10, concurrent: 5 });
    let answered = 0;
    for (let i = 0; i < 15; i++) void send(channel).then(() => answered++);
    await vi.advanceTimersByTimeAsync(0);
    expect(script.sent).toBe(10);
    await vi.advanceTimersByTimeAsync(500);
    expect(answered).toBe(15);
  });

  it('may be less than one a second', async () => {
    const { script, channel } = scripted({ perSecond: 0.5, concurrent: 5 });
    await send(channel);
    void send(channel);
    await vi.advanceTimersByTimeAsync(1900);
    expect(script.sent).toBe(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(script.sent).toBe(2);
  });

  it('has no more messages under way than it may, and none in wait where the vendor is slow', async () => {
    const { script, channel } = scripted({ perSecond: 1000, concurrent: 3 });
    script.answer = 'held';
    expect(channel.room()).toBe(3);
    for (let i = 0; i < 3; i++) void send(channel);
    expect(channel.room()).toBe(0);
    void send(channel);
    await vi.advanceTimersByTimeAsync(0);
    expect(channel.status()).toMatchObject({ inFlight: 3, queued: 1 });
    script.held.shift()?.(ACCEPTED);
    await vi.advanceTimersByTimeAsync(0);
    expect(script.sent).toBe(4);
  });

  it('gives a fast vendor more room', async () => {
    const { channel } = scripted({ perSecond: 1000, concurrent: 10 });
    await sendAll(channel, 200);
    await vi.advanceTimersByTimeAsync(500);
    expect(channel.room()).toBe(400);
  });

  it('lets nothing wait for long, nor more than is bounded', async () => {
    const { script, channel } = scripted({ perSecond: 10, concurrent: 1 });
    script.answer = 'held';
    const outcomes: WakeOutcome[] = [];
    for (let i = 0; i < 20; i++) void send(channel).then((outcome) => outcomes.push(outcome));
    await vi.advanceTimersByTimeAsync(0);
    expect(outcomes).toHaveLength(20 - 1 - 11);
    await vi.advanceTimersByTimeAsync(13_000);
    expect(outcomes).toHaveLength(19);
    expect(new Set(outcomes.map((outcome) => 'reason' in outcome && outcome.reason))).toEqual(new Set(['no_room']));
  });

  it('counts what waits in bytes, too', async () => {
    const { script, channel } = scripted({ perSecond: 1000, concurrent: 1 });
    script.answer = 'held';
    const large = 'x'.repeat(1024 * 1024);
    void send(channel);
    void send(channel, large);
    expect(await send(channel, large)).toMatchObject({ kind: 'retry', reason: 'no_room' });
    expect(channel.status().queued).toBe(1);
  });
});

describe("a vendor's wish to be left alone", () => {
  it('is obeyed for the whole credential, also by what waits', async () => {
    const { script, channel } = scripted({ perSecond: 1000, concurrent: 1 });
    script.answer = 'held';
    const [first, second] = [send(channel), send(channel)];
    await vi.advanceTimersByTimeAsync(0);
    script.held[0]?.({ kind: 'retry', scope: 'channel', afterMs: 30_000, reason: 'http_503' });
    const paused = { kind: 'retry', scope: 'channel', afterMs: 30_500, reason: 'http_503' };
    expect([await first, await second]).toEqual([paused, paused]);
    expect(channel.room()).toBe(0);
    expect(await send(channel)).toMatchObject({ kind: 'retry', afterMs: 30_500 });
    expect(script.sent).toBe(1);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(channel.room()).toBeGreaterThan(0);
  });

  it('for one token changes nothing for others', async () => {
    const { script, channel } = scripted();
    const answer: WakeOutcome = { kind: 'retry', scope: 'token', reason: 'TooManyRequests' };
    script.answer = answer;
    expect(await send(channel)).toEqual(answer);
    expect(channel.room()).toBeGreaterThan(0);
  });

  it('without a time is a doubling one, until it takes messages again', async () => {
    const { script, channel } = scripted();
    const pauses: number[] = [];
    for (let turn = 0; turn < 10; turn++) {
      script.answer = { kind: 'retry', scope: 'channel', afterMs: turn === 3 ? -5 : undefined, reason: 'http_500' };
      const outcome = await send(channel);
      pauses.push(outcome.kind === 'retry' ? (outcome.afterMs ?? 0) - 500 : 0);
      await vi.advanceTimersByTimeAsync(pauses.at(-1) ?? 0);
    }
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 150_000, 150_000]);
    script.answer = ACCEPTED;
    await send(channel);
    script.answer = { kind: 'retry', scope: 'channel', reason: 'http_500' };
    expect(await send(channel)).toMatchObject({ afterMs: 1500 });
  });

  it('is not made longer by what was under way when it began', async () => {
    const { script, channel } = scripted();
    script.answer = 'held';
    const all = Array.from({ length: 50 }, () => send(channel));
    await vi.advanceTimersByTimeAsync(0);
    for (const resolve of script.held) resolve({ kind: 'retry', scope: 'channel', reason: 'http_500' });
    await Promise.all(all);
    await vi.advanceTimersByTimeAsync(1000);
    expect(channel.room()).toBeGreaterThan(0);
  });
});

describe('a credential that is replaced', () => {
  it('lets what is under way end, gives back what waits, and then is closed', async () => {
    const { script, channel } = scripted({ perSecond: 1000, concurrent: 1 });
    script.answer = 'held';
    const [underWay, waiting] = [send(channel), send(channel)];
    channel.retire();
    expect(await waiting).toMatchObject({ kind: 'retry' });
    expect(await send(channel)).toMatchObject({ kind: 'retry' });
    expect(script.closed).toBe(0);
    script.held[0]?.(ACCEPTED);
    expect(await underWay).toEqual(ACCEPTED);
    await vi.advanceTimersByTimeAsync(0);
    expect(script.closed).toBe(1);
  });

  it('asks no vendor any more', async () => {
    const { script, channel } = scripted();
    script.answer = DOWN;
    await send(channel);
    channel.retire();
    await vi.advanceTimersByTimeAsync(60 * MINUTE);
    expect(script.probes).toBe(0);
  });
});
