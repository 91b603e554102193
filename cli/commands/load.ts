import { setTimeout as sleep } from 'node:timers/promises';
import type { OnePushClient } from '../../client/client.js';
import type { Push } from '../../client/push.js';
import type { CommandSpec } from '../command.js';
import { EXITS } from '../exits.js';
import { createLatencies } from '../load/latencies.js';

const TICK_MS = 10;
const PROGRESS_MS = 200;
const PERCENTILES = { p50: 0.5, p90: 0.9, p99: 0.99 } as const;

/** `onepush load`. */
export const load: CommandSpec = {
  name: 'load',
  summary: 'Sends pushes at a steady rate, and measures how long each takes to be accepted',
  options: [
    { flags: '--rate <number>', means: 'pushes a second, 1 to 100000 (100)' },
    { flags: '--seconds <number>', means: 'for so long, 1 to 86400 (10)' },
    { flags: '--alias <user>', means: 'to these users in turn (load)', repeats: true },
    { flags: '--alert <text>', means: 'the text (load)' },
  ],
  example: 'onepush load --rate 200 --seconds 2',
  json: {
    sent: 400,
    accepted: 400,
    failed: 0,
    errors: {},
    perSecond: 200,
    latencyMs: { p50: 2.1, p90: 3.4, p99: 8.9, max: 11.2 },
  },
  streams: true,
  async run({ connect, print, signal, terminal }, input) {
    const rate = input.integer('rate', 1, 100_000) ?? 100;
    const seconds = input.integer('seconds', 1, 86_400) ?? 10;
    const aliases = input.list('alias').length > 0 ? input.list('alias') : ['load'];
    const client = await connect('app');
    const { to } = await import('../../client/audience.js');
    const pushes = aliases.map((alias) => ({ audience: to.aliases(alias), alert: input.text('alert') ?? 'load' }));
    const latencies = createLatencies();
    const errors: Record<string, number> = {};
    const start = performance.now();
    const passed = (): number => (performance.now() - start) / 1000;
    const underWay = new Set<Promise<void>>();
    let [sent, shownAt] = [0, 0];
    while (sent < rate * seconds && !signal.aborted) {
      await client.room();
      for (const due = Math.min(rate * seconds, Math.ceil(passed() * rate)); sent < due; sent++) {
        const one = measure(client, pushes[sent % pushes.length] ?? pushes[0], latencies.add, errors);
        underWay.add(one);
        one.finally(() => underWay.delete(one));
      }
      if (performance.now() - shownAt > PROGRESS_MS) {
        shownAt = performance.now();
        const p99 = latencies.percentile(PERCENTILES.p99).toFixed(1);
        terminal.progress(passed() / seconds, `${sent} sent, ${latencies.count} accepted, p99 ${p99} ms`);
      }
      await sleep(TICK_MS, undefined, { signal }).catch(() => {});
    }
    await Promise.all(underWay);
    const time = passed();
    const latencyMs = {
      ...Object.fromEntries(
        Object.entries(PERCENTILES).map(([name, part]) => [name, round(latencies.percentile(part))]),
      ),
      max: round(latencies.max),
    };
    const failed = Object.values(errors).reduce((sum, count) => sum + count, 0);
    const accepted = latencies.count;
    const perSecond = round(accepted / time);
    const words = Object.entries(latencyMs).map(([name, ms]) => `${name} ${ms} ms`);
    const lines = [
      `${sent} sent in ${round(time)} s: ${accepted} accepted, ${perSecond} a second; ${failed} failed`,
      words.join('  '),
      ...Object.entries(errors).map(([code, count]) => `${code}  ${count}`),
    ];
    print({ sent, accepted, failed, errors, perSecond, latencyMs }, lines.join('\n'));
    return failed === 0 ? EXITS.ok.code : EXITS.failed.code;
  },
};

const round = (value: number): number => Math.round(value * 10) / 10;

async function measure(
  client: OnePushClient,
  push: Push | undefined,
  add: (ms: number) => void,
  errors: Record<string, number>,
): Promise<void> {
  if (push === undefined) return;
  const start = performance.now();
  try {
    await client.send(push);
    add(performance.now() - start);
  } catch (error) {
    // CallErrors have the row of docs/errors.md, or else the code of gRPC.
    const { reason, code } = error as { reason?: string; code?: string };
    const name = reason ?? code ?? 'UNKNOWN';
    errors[name] = (errors[name] ?? 0) + 1;
  }
}
