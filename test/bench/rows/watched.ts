import { setTimeout as sleep } from 'node:timers/promises';
import { scrape } from '../../support/metrics.js';
import type { RowProgram } from '../bench.js';
import { directedBodies } from '../bodies.js';
import { toFigure } from '../figure.js';
import { comparePairs } from '../pairs.js';
import { startSystem } from '../system.js';
import { saturate } from './directed.js';

/** Milliseconds between two looks at the metrics of each process: as often as anybody looks. */
const INTERVAL = 1000;

/** Row 13: row 2 while the metrics of both processes are read; the floor: nobody reads them. */
export const watchedRows: RowProgram = async ({ size, population }) => {
  const system = await startSystem(population, size.devices);
  const { core, edge } = system.stack;
  try {
    await system.open(size.devices);
    await system.prepare(size.senders, directedBodies(size.devices));
    const plain = () => saturate(system, size);
    const watched = async () => {
      let over = false;
      const reading = (async () => {
        while (!over) {
          await Promise.all([scrape(core), scrape(edge)]);
          await sleep(INTERVAL);
        }
      })();
      try {
        return await plain();
      } finally {
        over = true;
        await reading;
      }
    };
    const comparison = await comparePairs(size.pairs, watched, plain);
    const measured = `row 2 while the metrics of core and edge are read every second; the floor: nobody reads them`;
    const target = { of: 'ratio', least: 0.98 } as const;
    return { figures: [toFigure({ row: '13', measured, unit: 'messages/s', target }, comparison)] };
  } finally {
    await system.stop();
  }
};
