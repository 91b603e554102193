import type { ServerInfoResponse } from '../gen/onepush/v1/server_pb.js';

/** Values of the charts at one time. */
export interface Point {
  /** Seconds since 1970. */
  readonly at: number;
  /** Values by the name of their series; undefined: not known yet. */
  readonly values: Readonly<Partial<Record<SeriesName, number | undefined>>>;
}

/** Names of series. */
export type SeriesName =
  | 'accepted'
  | 'delivered'
  | 'waiting'
  | 'sessions'
  | 'latency'
  | 'woken'
  | 'notWoken'
  | 'failures';

type Samples = ServerInfoResponse['samples'];

/** Sums that only grow, of which the charts show what was added a second. */
interface Totals {
  readonly accepted: number;
  readonly delivered: number;
  readonly woken: number;
  readonly notWoken: number;
  readonly failures: number;
  readonly commits: number;
  readonly commitSeconds: number;
}

/** Points that are kept. */
const MAX_POINTS = 150;
/** Seconds without a look at the server after which there is a gap: the computer slept, or the server was away. */
const GAP_SECONDS = 10;

/** The last look at the server: by a clock that nobody sets. */
interface Look {
  readonly clock: number;
  readonly core: string;
  readonly totals: Totals;
}

/**
 * Keeps the points of the last minutes: what is counted since the start becomes what was counted a second. Where the
 * server was not looked at, or was started again, there is a gap.
 */
export function createHistory() {
  let points: readonly Point[] = [];
  let before: Look | undefined;
  return {
    /**
     * Adds what the server says.
     *
     * @param at seconds since 1970, for the axis
     * @param clock seconds of a clock that nobody sets
     */
    add(info: ServerInfoResponse, at: number, clock: number): void {
      const look = { clock, core: `${info.coreId} ${info.epoch}`, totals: totalsOf(info.samples) };
      const values = valuesOf(info, look, before);
      const isGap = before === undefined || look.core !== before.core || clock - before.clock > GAP_SECONDS;
      // Of a clock that was set back, what would be in the future goes.
      const known = points.filter((point) => point.at < at);
      const last = known.at(-1);
      const gap = isGap && last !== undefined ? [{ at: (last.at + at) / 2, values: {} }] : [];
      points = [...known, ...gap, { at, values }].slice(-MAX_POINTS);
      before = look;
    },
    /** Returns the points, the oldest first. */
    points: (): readonly Point[] => points,
  };
}

function valuesOf(info: ServerInfoResponse, look: Look, before: Look | undefined): Point['values'] {
  const seconds = before === undefined ? 0 : look.clock - before.clock;
  // A core that was started again counts from 0.
  const isComparable = before?.core === look.core && seconds > 0 && seconds <= GAP_SECONDS;
  const added = (name: keyof Totals): number | undefined =>
    before === undefined || !isComparable ? undefined : look.totals[name] - before.totals[name];
  const rate = (name: keyof Totals): number | undefined => {
    const count = added(name);
    return count === undefined ? undefined : count / seconds;
  };
  const commits = added('commits') ?? 0;
  return {
    accepted: rate('accepted'),
    delivered: rate('delivered'),
    woken: rate('woken'),
    notWoken: rate('notWoken'),
    failures: rate('failures'),
    waiting: sum(info.samples, 'onepush_waiting_items'),
    sessions: info.edges.reduce((count, { sessions }) => count + sessions, 0),
    latency: commits === 0 ? undefined : ((added('commitSeconds') ?? 0) / commits) * 1000,
  };
}

function totalsOf(samples: Samples): Totals {
  const ended = 'onepush_deliveries_ended_total';
  const wakes = 'onepush_wakes_total';
  const woken = sum(samples, wakes, { outcome: 'accepted' });
  return {
    accepted: sum(samples, 'onepush_pushes_accepted_total'),
    delivered: sum(samples, ended, { state: 'delivered' }) + sum(samples, ended, { state: 'confirmed' }),
    woken,
    notWoken: sum(samples, wakes) - woken,
    failures: sum(samples, 'onepush_store_failures_total'),
    commits: sum(samples, 'onepush_commit_seconds_count'),
    commitSeconds: sum(samples, 'onepush_commit_seconds_sum'),
  };
}

/** Adds up the samples of a metric that have these labels. */
function sum(samples: Samples, name: string, labels: Readonly<Record<string, string>> = {}): number {
  return samples
    .filter((sample) => sample.name === name)
    .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
    .reduce((total, { value }) => total + value, 0);
}
