import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ProbeResult } from '../../../../../core/channel/channel.js';
import { type ProtectedChannel, protectChannel } from '../../../../../core/channel/protection/protected-channel.js';
import type { WakeOutcome } from '../../../../../core/domain/wake.js';
import { wakeMessage } from '../../../../support/channels/messages.js';

const MINUTE = 60_000;
const ACCEPTED: WakeOutcome = { kind: 'accepted' };
const DEAD: WakeOutcome = { kind: 'token_dead', reason: 'Refused' };
const SET_ASIDE: WakeOutcome = { kind: 'token_set_aside', reason: 'Refused' };
const DOWN: WakeOutcome = { kind: 'channel_down', reason: 'InvalidProviderToken' };
const UNKNOWN: WakeOutcome = { kind: 'unknown', reason: 'timeout' };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A channel that answers what it is told to, at once or when it is told to. */
function scripted(pace = { perSecond: 1000, concurrent: 100 }, partOf?: (target: { token: string }) => string) {
  const held: ((outcome: WakeOutcome) => void)[] = [];
  const script = {
    answer: ACCEPTED as WakeOutcome | 'held',
    probe: { kind: 'unsupported' } as ProbeResult,
    probes: 0,
    sent: 0,
    closed: 0,
    opened: [] as string[],
    suspected: [] as string[],
    held,
  };
  const channel = protectChannel({
    channel: {
      async send() {
        script.sent++;
        const { answer } = script;
        return answer === 'held' ? new Promise((resolve) => held.push(resolve)) : answer;
      },
      async probe() {
        script.probes++;
        return script.probe;
      },
      async close() {
        script.closed++;
      },
    },
    pace,
    partOf,
    opened: (reason) => script.opened.push(reason),
    suspected: (reason) => script.suspected.push(reason),
    random: () => 0.5,
  });
  return { script, channel };
}

const send = (channel: ProtectedChannel, body = 'Hello') => channel.send({ token: 't' }, wakeMessage({ body }));

async function sendAll(channel: ProtectedChannel, count: number): Promise<WakeOutcome['kind'][]> {
  const kinds: WakeOutcome['kind'][] = [];
  for (let sent = 0; sent < count; sent++) kinds.push((await send(channel)).kind);
  return kinds;
}

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

describe('the circuit breaker of a credential', () => {
  it('opens at the first refusal of the credential, and with it goes all that waits', async () => {
    const { script, channel } = scripted({ perSecond: 1000, concurrent: 1 });
    script.answer = 'held';
    const [first, second] = [send(channel), send(channel)];
    await vi.advanceTimersByTimeAsync(0);
    script.held[0]?.(DOWN);
    expect([await first, await second]).toEqual([DOWN, DOWN]);
    expect(await send(channel)).toEqual(DOWN);
    expect(channel.room()).toBe(0);
    expect(channel.status()).toMatchObject({ breaker: 'open', breakerReason: 'InvalidProviderToken' });
    expect([script.sent, script.opened]).toEqual([1, ['InvalidProviderToken']]);
  });

  it('closes when a probe after five minutes is taken, and stays open when it is not', async () => {
    const { script, channel } = scripted();
    script.answer = DOWN;
    await send(channel);
    script.probe = { kind: 'refused', reason: 'InvalidProviderToken' };
    await vi.advanceTimersByTimeAsync(5 * MINUTE);
    expect([script.probes, channel.room()]).toEqual([1, 0]);
    script.probe = { kind: 'ok' };
    await vi.advanceTimersByTimeAsync(4 * MINUTE);
    expect(channel.room()).toBe(0);
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(channel.status().breaker).toBe('closed');
    expect([script.probes, script.sent]).toEqual([2, 1]);
  });

  it('lets one message through every five minutes where the vendor has no probe', async () => {
    const { script, channel } = scripted();
    script.answer = DOWN;
    await send(channel);
    await vi.advanceTimersByTimeAsync(5 * MINUTE);
    expect([channel.status().breaker, channel.room()]).toEqual(['half_open', 1]);
    script.answer = 'held';
    const trial = send(channel);
    expect(channel.room()).toBe(0);
    expect((await send(channel)).kind).toBe('channel_down');
    script.held[0]?.(DOWN);
    await trial;
    expect([channel.status().breaker, script.sent]).toEqual(['open', 2]);
    await vi.advanceTimersByTimeAsync(5 * MINUTE);
    script.answer = ACCEPTED;
    expect(await send(channel)).toEqual(ACCEPTED);
    expect(channel.status().breaker).toBe('closed');
  });

  it('opens for a vendor that answers nothing, and asks it soon', async () => {
    const { script, channel } = scripted();
    script.answer = UNKNOWN;
    expect(await sendAll(channel, 10)).toEqual(Array(10).fill('unknown'));
    expect(channel.status()).toMatchObject({ breaker: 'open', breakerReason: 'no_answer' });
    script.probe = { kind: 'unreachable', reason: 'timeout' };
    await vi.advanceTimersByTimeAsync(15_000);
    expect(script.probes).toBe(1);
    await vi.advanceTimersByTimeAsync(29_000);
    expect(script.probes).toBe(1);
    script.probe = { kind: 'ok' };
    await vi.advanceTimersByTimeAsync(1000);
    expect(channel.status().breaker).toBe('closed');
  });

  it('does not open for some messages without an answer among others', async () => {
    const { script, channel } = scripted();
    for (let turn = 0; turn < 5; turn++) {
      script.answer = UNKNOWN;
      await sendAll(channel, 9);
      script.answer = ACCEPTED;
      await send(channel);
    }
    expect(channel.status().breaker).toBe('closed');
  });

  it('takes no refusal of our own, and nothing that could not be sent, for an answer of the vendor', async () => {
    const own: WakeOutcome[] = [
      { kind: 'token_set_aside', reason: 'bad_keys', unasked: true },
      { kind: 'payload_bad', reason: 'override_too_large', unasked: true },
    ];
    for (const answer of own) {
      const { script, channel } = scripted();
      script.answer = UNKNOWN;
      await sendAll(channel, 9);
      script.answer = answer;
      await send(channel);
      script.answer = UNKNOWN;
      await send(channel);
      expect(channel.status().breaker).toBe('open');
      // Nor is it a trial: the next one is.
      await vi.advanceTimersByTimeAsync(15_000);
      script.answer = answer;
      await send(channel);
      expect([channel.status().breaker, channel.room()]).toEqual(['half_open', 1]);
      script.answer = { kind: 'retry', scope: 'channel', reason: 'ECONNREFUSED', unasked: true };
      await send(channel);
      expect(channel.status().breaker).toBe('open');
    }
  });

  it('is one for each host where hosts answer for themselves', async () => {
    const { script, channel } = scripted(undefined, ({ token }) => new URL(token).host);
    const to = (host: string) => channel.send({ token: `https://${host}/x` }, wakeMessage());
    script.answer = UNKNOWN;
    for (let sent = 0; sent < 10; sent++) expect((await to('stranger.example')).kind).toBe('unknown');
    script.answer = ACCEPTED;
    expect(await to('stranger.example')).toEqual({ kind: 'channel_down', reason: 'no_answer' });
    expect(await to('push.example')).toEqual(ACCEPTED);
    expect(channel.status().breaker).toBe('closed');
    expect(script.sent).toBe(11);
    // After a while one message is its trial.
    await vi.advanceTimersByTimeAsync(15_000);
    script.answer = 'held';
    const trial = to('stranger.example');
    expect((await to('stranger.example')).kind).toBe('channel_down');
    script.held[0]?.(ACCEPTED);
    expect(await trial).toEqual(ACCEPTED);
    script.answer = ACCEPTED;
    expect(await to('stranger.example')).toEqual(ACCEPTED);
  });

  it('follows a probe that an operator asks for', async () => {
    const { script, channel } = scripted();
    script.probe = { kind: 'refused', reason: 'wrong_key' };
    expect(await channel.probe()).toEqual(script.probe);
    expect(channel.room()).toBe(0);
    script.probe = { kind: 'ok' };
    await channel.probe();
    expect(channel.room()).toBeGreaterThan(0);
  });
});

describe.each([DEAD, SET_ASIDE])('the gate before refused tokens: $kind', (refusal) => {
  it('believes nothing before the first success: with a wrong key or bundle every token is refused', async () => {
    const { script, channel } = scripted();
    script.answer = refusal;
    expect(new Set(await sendAll(channel, 500))).toEqual(new Set(['channel_down']));
    expect(script.suspected).toEqual(['Refused']);
  });

  it('lets them pass after a success', async () => {
    const { script, channel } = scripted();
    await send(channel);
    script.answer = refusal;
    expect(await send(channel)).toEqual(refusal);
  });

  it('holds up no others where the first tokens after a start are refused, whatever their number', async () => {
    const { script, channel } = scripted();
    script.answer = refusal;
    await sendAll(channel, 100);
    expect(channel.room()).toBeGreaterThan(0);
    script.answer = ACCEPTED;
    expect(await send(channel)).toEqual(ACCEPTED);
  });

  it('shuts when nearly all the last answers are refusals, and asks the vendor about the credential', async () => {
    const { script, channel } = scripted();
    await sendAll(channel, 500);
    script.answer = refusal;
    script.probe = { kind: 'refused', reason: 'InvalidProviderToken' };
    const kinds = await sendAll(channel, 100);
    expect(kinds.filter((kind) => kind === refusal.kind).length).toBeLessThan(50);
    expect(kinds.at(-1)).toBe('channel_down');
    expect(channel.status()).toMatchObject({ breaker: 'open', breakerReason: 'InvalidProviderToken' });
    script.probe = { kind: 'ok' };
    await vi.advanceTimersByTimeAsync(5 * MINUTE);
    expect(await sendAll(channel, 10)).toEqual(Array(10).fill('channel_down'));
    script.answer = ACCEPTED;
    await send(channel);
    script.answer = refusal;
    expect(await send(channel)).toEqual(refusal);
  });

  it('lets one refused token of three pass for ever', async () => {
    const { script, channel } = scripted();
    for (let turn = 0; turn < 300; turn++) {
      script.answer = turn % 3 === 2 ? refusal : ACCEPTED;
      expect(await send(channel)).toEqual(script.answer);
    }
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
