import { setTimeout as sleep } from 'node:timers/promises';
import type { OnePushClient } from '../../client/client.js';
import type { Push } from '../../client/push.js';
import type { CommandSpec } from '../command.js';
import { EXITS } from '../exits.js';
import { createLatencies, type Latencies } from '../load/latencies.js';

const TICK_MS = 10;
const PROGRESS_MS = 200;
/** Pushes without an answer: beyond it the service does not keep up. The client holds as many. */
const MAX_UNDER_WAY = 10_000;
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
    let [sent, skipped, shownAt] = [0, 0, 0];
    const show = (): void => {
      if (performance.now() - shownAt < PROGRESS_MS) return;
      shownAt = performance.now();
      const p99 = latencies.count === 0 ? '' : `, p99 ${latencies.percentile(PERCENTILES.p99).toFixed(1)} ms`;
      terminal.progress(passed() / seconds, `${sent} sent, ${latencies.count} accepted${p99}`);
    };
    while (sent + skipped < rate * seconds && !signal.aborted) {
      // What the service has no room for is not sent later: the rate would be another, and the end too.
      const room = MAX_UNDER_WAY - underWay.size;
      const due = Math.ceil(Math.min(passed(), seconds) * rate) - sent - skipped;
      skipped += Math.max(0, due - room);
      for (let left = Math.min(due, room); left > 0; left--) {
        const one = measure(client, pushes[sent++ % pushes.length] ?? pushes[0], latencies.add, errors);
        underWay.add(one);
        one.finally(() => underWay.delete(one));
      }
      show();
      await sleep(TICK_MS, undefined, { signal }).catch(() => {});
    }
    while (underWay.size > 0) {
      await Promise.race([Promise.all(underWay), sleep(PROGRESS_MS)]);
      show();
    }
    const result = { sent, skipped: skipped || undefined, ...summarize(latencies, errors, passed()) };
    print(result, toText(result, round(passed())));
    return result.failed === 0 ? EXITS.ok.code : EXITS.failed.code;
  },
};

interface Result {
  readonly sent: number;
  /** Pushes that were due while too many had no answer. */
  readonly skipped: number | undefined;
  readonly accepted: number;
  readonly failed: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly perSecond: number;
  /** Absent where none was accepted. */
  readonly latencyMs?: Readonly<Record<string, number>>;
}

function summarize(latencies: Latencies, errors: Readonly<Record<string, number>>, seconds: number) {
  const failed = Object.values(errors).reduce((sum, count) => sum + count, 0);
  const accepted = latencies.count;
  const parts = Object.entries(PERCENTILES).map(([name, part]) => [name, round(latencies.percentile(part))]);
  const latencyMs = { ...Object.fromEntries(parts), max: round(latencies.max) };
  const perSecond = round(accepted / seconds);
  return { accepted, failed, errors, perSecond, ...(accepted === 0 ? {} : { latencyMs }) };
}

function toText(result: Result, seconds: number): string {
  const { sent, skipped, accepted, failed, errors, perSecond, latencyMs = {} } = result;
  const words = Object.entries(latencyMs).map(([name, ms]) => `${name} ${ms} ms`);
  return [
    `${sent} sent in ${seconds} s: ${accepted} accepted, ${perSecond} a second; ${failed} failed`,
    ...(skipped === undefined ? [] : [`${skipped} not sent: ${MAX_UNDER_WAY} had no answer yet`]),
    ...(words.length === 0 ? [] : [words.join('  ')]),
    ...Object.entries(errors).map(([code, count]) => `${code}  ${count}`),
  ].join('\n');
}

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
