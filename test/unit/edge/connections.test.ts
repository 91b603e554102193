import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { createConnections } from '../../../edge/connections.js';

/**
 * A process with 25 files of its own, so many descriptors and so many sessions wanted, and a clock that stands still.
 */
function createTest({ limit, maxSessions = 100_000 }: { limit: number | undefined; maxSessions?: number }) {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line)) });
  const system = { inUse: 25, time: 0 };
  const connections = createConnections({
    maxSessions,
    log,
    findLimit: () => limit,
    count: () => system.inUse,
    now: () => system.time,
  });
  return { connections, lines, system };
}

/** The limit of 1024, less the process's own files and the reserve. */
const PLACES = 1024 - 25 - 64;

describe('the connections of an edge', () => {
  it('are told once at the start that there are too few descriptors for the sessions', () => {
    const { connections, lines } = createTest({ limit: 1024 });
    expect(connections.maxSessions).toBe(Math.floor((PLACES * 7) / 8));
    expect(lines).toEqual([expect.objectContaining({ descriptors: 1024, wanted: 100_000, level: 40 })]);
  });

  it('have nothing to be told where there are enough, or nobody knows', () => {
    for (const limit of [1_000_000, undefined]) {
      const { connections, lines } = createTest({ limit });
      expect([connections.maxSessions, lines]).toEqual([100_000, []]);
    }
  });

  it('are refused before the descriptors are out, with one warning a minute', () => {
    const { connections, lines, system } = createTest({ limit: 1024, maxSessions: 100 });
    for (let n = 0; n < PLACES; n++) expect(connections.accepted()).toBe(true);
    for (let n = 0; n < 100; n++) {
      expect(connections.accepted()).toBe(false);
      connections.closed();
    }
    expect(connections.refused()).toBe(100);
    expect(lines).toHaveLength(1);
    connections.closed();
    expect(connections.accepted()).toBe(true);
    system.time = 60_000;
    expect(connections.accepted()).toBe(false);
    expect(lines).toHaveLength(2);
  });

  it('count sockets that were told to close as long as their clients may stay, and ask the system whether they do', () => {
    const { connections, system } = createTest({ limit: 1024 });
    for (let n = 0; n < PLACES; n++) connections.accepted();
    for (let n = 0; n < PLACES; n++) connections.left();
    // With the one that has just been accepted.
    system.inUse = 25 + PLACES + 1;
    expect(connections.accepted()).toBe(false);
    connections.closed();
    // They have gone, as well-behaved clients do.
    system.inUse = 26;
    system.time = 1000;
    expect(connections.accepted()).toBe(true);
    system.inUse = 25 + PLACES + 1;
    system.time = 22_000;
    expect(connections.accepted()).toBe(true);
  });

  it('are crowded while many sockets that are turned away may stay', () => {
    const { connections, system } = createTest({ limit: 1024 });
    expect(connections.isCrowded()).toBe(false);
    for (let n = 0; n < 200; n++) {
      connections.accepted();
      connections.left();
    }
    // Nearly all clients close at once.
    expect(connections.isCrowded()).toBe(false);
    system.inUse = 25 + 200;
    system.time = 1000;
    expect(connections.isCrowded()).toBe(true);
    system.time = 22_000;
    expect(connections.isCrowded()).toBe(false);
  });
});
