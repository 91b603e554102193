import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createChannelHost } from '../../../../../core/channel/host/create-host.js';
import type { ChannelHost, Credential } from '../../../../../core/channel/host.js';
import { wakeMessage } from '../../../../support/channels/messages.js';
import { scriptedProgram } from '../../../../support/channels/program.js';
import { CHANNEL_KINDS } from '../../../../support/channels/scripted-kinds.js';
import { eventually } from '../../../../support/eventually.js';

const lines: string[] = [];
const log = pino({ base: null }, { write: (line) => void lines.push(line) });
let host: ChannelHost;

/** Another one for each test: what it has learnt of a credential is gone then. */
let version = 0;

beforeEach(() => {
  lines.length = 0;
  host = createChannelHost({ kinds: CHANNEL_KINDS, log, program: scriptedProgram });
  version++;
  host.configure([credential(1), credential(2)]);
});
afterEach(() => host.stop());

function credential(num: number, settings: unknown = { key: `key-${num}` }): Credential {
  return { num, appNum: 1, name: `c${num}`, channel: 'WEBHOOK', settings, version };
}

const send = (token: string, num = 1) => host.send(num, { token }, wakeMessage());
const accepts = async () => (await send('any')).kind === 'accepted';
const nextThread = () => eventually(accepts, { message: 'the next thread to send' });

describe('the host of channels', () => {
  it('sends through each credential what is meant for it, many at a time', async () => {
    const keys = await Promise.all([1, 2, 1, 2].map((num) => send('key', num)));
    expect(keys.map((outcome) => 'reason' in outcome && outcome.reason)).toEqual(['key-1', 'key-2', 'key-1', 'key-2']);
    const outcomes = await Promise.all(Array.from({ length: 1000 }, () => send('any')));
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['accepted']));
  });

  it('has no room for a credential that is gone, and answers that it is to be tried again', async () => {
    expect(host.room(1)).toBeGreaterThan(0);
    expect(host.room(9)).toBe(0);
    expect(await send('any', 9)).toMatchObject({ kind: 'retry', scope: 'channel' });
    expect(await host.probe(9)).toMatchObject({ kind: 'unreachable' });
  });

  it('takes other settings without losing what is under way', async () => {
    const before = send('key');
    version++;
    host.configure([credential(1, { key: 'new' })]);
    expect(await before).toMatchObject({ reason: 'key-1' });
    expect(await send('key')).toMatchObject({ reason: 'new' });
  });

  it('tells what is under way as unknown when its thread dies, and goes on with another', async () => {
    expect(await send('any')).toEqual({ kind: 'accepted' });
    const underWay = send('never');
    expect(await send('exit')).toEqual({ kind: 'unknown', reason: 'thread_died' });
    expect(await underWay).toEqual({ kind: 'unknown', reason: 'thread_died' });
    expect(host.counts().restarts).toBe(1);
    await nextThread();
  });

  it('survives a channel that throws or takes all memory, and logs nothing of it', async () => {
    expect(await send('throw')).toEqual({ kind: 'unknown', reason: 'thread_died' });
    await nextThread();
    expect(await send('memory')).toEqual({ kind: 'unknown', reason: 'thread_died' });
    await nextThread();
    expect(lines.join('\n')).toContain('the thread of the vendors died');
    expect(lines.join('\n')).not.toContain('a secret');
  });

  it('opens nothing whose settings cannot be used', async () => {
    version++;
    host.configure([credential(1), credential(2, { nothing: true })]);
    expect(await send('any', 2)).toEqual({ kind: 'channel_down', reason: 'bad_settings' });
    expect(await send('any', 1)).toEqual({ kind: 'accepted' });
  });

  it('does not wait for a thread that is stuck', async () => {
    const stuck = send('block');
    const begun = performance.now();
    await host.stop();
    expect(await stuck).toMatchObject({ kind: 'unknown' });
    expect(performance.now() - begun).toBeLessThan(10_000);
  });
});
