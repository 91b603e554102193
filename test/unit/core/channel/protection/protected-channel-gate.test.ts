import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  ACCEPTED,
  DEAD,
  MINUTE,
  SET_ASIDE,
  scripted,
  send,
  sendAll,
} from '../../../../support/channels/scripted-channel.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

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
