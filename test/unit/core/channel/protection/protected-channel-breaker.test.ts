import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { WakeOutcome } from '../../../../../core/domain/wake.js';
import { wakeMessage } from '../../../../support/channels/messages.js';
import {
  ACCEPTED,
  DOWN,
  MINUTE,
  scripted,
  send,
  sendAll,
  UNKNOWN,
} from '../../../../support/channels/scripted-channel.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

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
