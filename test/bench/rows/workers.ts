import type { RowProgram } from '../bench.js';
import { sendTo } from '../bodies.js';
import { toFigure } from '../figure.js';
import { comparePairs } from '../pairs.js';
import { startSystem } from '../system.js';
import { broadcast } from './broadcast.js';

/** Row 11: pushes to everyone with twice the sockets of row 1, an edge of two workers against one of one. */
export const workersRows: RowProgram = async (bench) => {
  const { size, mariadb } = bench;
  const [first] = size.broadcasts;
  if (first === undefined) throw new Error('no broadcasts are to be measured');
  const sockets = first.sockets * 2;
  const { pushes } = first;
  await mariadb.createDatabase('workers');
  const beside = { databaseUrl: mariadb.url('workers'), deviceIds: [], serverPid: mariadb.pid };
  const two = await startSystem(beside, sockets, { ONEPUSH_EDGE_WORKERS: '2' });
  const one = await startSystem(bench.population, sockets);
  try {
    for (const subject of [two, one]) {
      await subject.open(sockets);
      await subject.prepare(1, [sendTo(['ALL'])]);
      await broadcast(subject, sockets, 2);
    }
    const comparison = await comparePairs(
      size.pairs,
      () => broadcast(two, sockets, pushes),
      () => broadcast(one, sockets, pushes),
    );
    const measured = `topic push to ${sockets} sockets, an edge of two workers; the floor: one of one worker`;
    return { figures: [toFigure({ row: '11', measured, unit: 'frames/s' }, comparison)] };
  } finally {
    await one.stop();
    await two.stop();
  }
};
