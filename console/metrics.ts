import type { ServerInfoResponse } from '../gen/onepush/v1/server_pb.js';

/** Values of the charts at one time. */
export interface Point {
  /** Seconds since 1970. */
  readonly at: number;
  /** Values by the name of their series; undefined: not known yet. */
  readonly values: Readonly<Record<SeriesName, number | undefined>>;
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

/** Keeps the points of the last minutes: what is counted since the start becomes what was counted a second. */
export function createHistory() {
  let points: Point[] = [];
  let before: { at: number; totals: Totals } | undefined;
  return {
    /** Adds what the server says. */
    add(info: ServerInfoResponse, at: number): void {
      const totals = totalsOf(info.samples);
      const seconds = before === undefined ? 0 : at - before.at;
      const added = (name: keyof Totals): number | undefined => {
        if (before === undefined || seconds <= 0) return undefined;
        // A core that was started again counts from 0.
        return Math.max(0, totals[name] - before.totals[name]);
      };
      const rate = (name: keyof Totals): number | undefined => {
        const count = added(name);
        return count === undefined ? undefined : count / seconds;
      };
      const commits = added('commits');
      const latency =
        commits === undefined || commits === 0 ? undefined : ((added('commitSeconds') ?? 0) / commits) * 1000;
      const values = {
        accepted: rate('accepted'),
        delivered: rate('delivered'),
        woken: rate('woken'),
        notWoken: rate('notWoken'),
        failures: rate('failures'),
        waiting: sum(info.samples, 'onepush_waiting_items'),
        sessions: info.edges.reduce((count, { sessions }) => count + sessions, 0),
        latency,
      };
      points = [...points, { at, values }].slice(-MAX_POINTS);
      before = { at, totals };
    },
    /** Returns the points, the oldest first. */
    points: (): readonly Point[] => points,
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
