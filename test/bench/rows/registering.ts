import type { RowProgram } from '../bench.js';
import { startChild } from '../child.js';
import { toFigure } from '../figure.js';
import type { FloorSql } from '../floor/sql.js';
import { comparePairs } from '../pairs.js';
import { registration, startSystem } from '../system.js';

/**
 * Row 9: new devices over REST. The floor puts as many into a table like ours, with as many rows in a statement as we
 * have calls open.
 */
export const registeringRows: RowProgram = async ({ size, population }) => {
  const ours = await startSystem(population, 0);
  const floor = await startChild<FloorSql>(new URL('../floor/sql.js', import.meta.url));
  const { registrations, senders } = size;
  let place = 0;
  try {
    await floor.ask.connect({ databaseUrl: population.databaseUrl });
    const comparison = await comparePairs(
      size.pairs,
      async () => {
        const bodies = Array.from({ length: registrations }, () => registration(`new-${place++}`));
        await ours.sender.ask.prepare({ ...ours.address, connections: senders, path: '/msgpush/register', bodies });
        return ours.measure(async () => {
          const { answered, failed, began, ended } = await ours.sender.ask.run({ requests: registrations });
          if (failed > 0) throw new Error(`${failed} of ${answered} registrations were refused`);
          return { units: answered, value: (answered * 1_000_000) / (ended - began) };
        });
      },
      async () => ({
        value: await floor.ask.upsertDevices({ devices: registrations, batch: senders }),
        loadShare: 0,
        cpu: {},
      }),
    );
    const figure = toFigure(
      {
        row: '9',
        measured: `REST register, new devices, durable`,
        unit: 'devices/s',
        target: { of: 'ratio', least: 0.5 },
        notes: [`the floor: statements of ${senders} rows`],
      },
      comparison,
    );
    return { figures: [figure] };
  } finally {
    await floor.ask.close(null);
    await floor.stop();
    await ours.stop();
  }
};
