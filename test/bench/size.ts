import { execFileSync } from 'node:child_process';

/** How much of everything a run takes. */
export interface Size {
  /** Pairs of a measurement and its floor. */
  pairs: number;
  /** Milliseconds before a window of measurement, and of the window itself. */
  warmUp: number;
  window: number;
  /** Sockets of the broadcasts. */
  broadcasts: readonly { sockets: number; pushes: number }[];
  /** Devices of directed sends, and connections that send to them. */
  devices: number;
  senders: number;
  /** Sockets between which the memory of a session is measured. */
  idle: readonly [number, number];
  sessions: number;
  waiting: { devices: number; messages: number };
  registered: number;
  registrations: number;
  /** Shares of the largest load at which the curve of latency has a point. */
  curve: readonly number[];
}

/** Files that a process needs beside its sockets. */
const SPARE_FILES = 400;

/** A process of ours may have so many sockets. */
function mostSockets(wanted: number): number {
  const limit = execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim();
  const possible = limit === 'unlimited' ? wanted : Number(limit) - SPARE_FILES;
  return Math.min(wanted, Math.floor(possible / 100) * 100);
}

/** Quick: a minute, for a first look; its figures are too short to be quoted. */
export function readSize(quick: boolean): Size {
  if (quick) {
    return {
      pairs: 2,
      warmUp: 300,
      window: 700,
      broadcasts: [{ sockets: 1000, pushes: 20 }],
      devices: 1000,
      senders: 512,
      idle: [1000, 3000],
      sessions: 1000,
      waiting: { devices: 200, messages: 100 },
      registered: 20_000,
      registrations: 2000,
      curve: [],
    };
  }
  return {
    pairs: 5,
    warmUp: 1000,
    window: 3000,
    broadcasts: [
      { sockets: 5000, pushes: 20 },
      { sockets: mostSockets(20_000), pushes: 5 },
    ],
    devices: 1000,
    senders: 512,
    idle: [5000, mostSockets(20_000)],
    sessions: 5000,
    waiting: { devices: 1000, messages: 100 },
    registered: 1_000_000,
    registrations: 10_000,
    curve: [0.1, 0.25, 0.5, 0.7, 0.85, 0.95],
  };
}
