import type { ProbeResult } from '../../../core/channel/channel.js';
import { type ProtectedChannel, protectChannel } from '../../../core/channel/protection/protected-channel.js';
import type { WakeOutcome } from '../../../core/domain/wake.js';
import { wakeMessage } from './messages.js';

/** In milliseconds. */
export const MINUTE = 60_000;
/** What vendors answer. */
export const ACCEPTED: WakeOutcome = { kind: 'accepted' };
export const DEAD: WakeOutcome = { kind: 'token_dead', reason: 'Refused' };
export const SET_ASIDE: WakeOutcome = { kind: 'token_set_aside', reason: 'Refused' };
export const DOWN: WakeOutcome = { kind: 'channel_down', reason: 'InvalidProviderToken' };
export const UNKNOWN: WakeOutcome = { kind: 'unknown', reason: 'timeout' };

/** A channel that answers what it is told to, at once or when it is told to. */
export function scripted(pace = { perSecond: 1000, concurrent: 100 }, partOf?: (target: { token: string }) => string) {
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

/** Sends one message. */
export const send = (channel: ProtectedChannel, body = 'Hello') => channel.send({ token: 't' }, wakeMessage({ body }));

/** Sends so many, one after the other. */
export async function sendAll(channel: ProtectedChannel, count: number): Promise<WakeOutcome['kind'][]> {
  const kinds: WakeOutcome['kind'][] = [];
  for (let sent = 0; sent < count; sent++) kinds.push((await send(channel)).kind);
  return kinds;
}
