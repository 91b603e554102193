import type { RowProgram } from '../bench.js';
import { sendTo } from '../bodies.js';
import { toFigure } from '../figure.js';
import { comparePairs } from '../pairs.js';
import { userOf } from '../subject.js';
import { startSystem } from '../system.js';
import { residentOf } from '../usage.js';
import { broadcast } from './broadcast.js';

/** Of a hundred devices one reads nothing. */
const MUTE_SHARE = 0.01;
/** What each of them is sent beforehand: more than the kernels hold for a socket. */
const FILL = { messages: 200, characters: 60_000, senders: 8 };

/** Row 12: pushes to everyone while some devices do not read; the floor is the same service where all do. */
export const slowRows: RowProgram = async (bench) => {
  const { size, mariadb } = bench;
  const sockets = size.broadcasts[0]?.sockets ?? 0;
  const pushes = size.broadcasts[0]?.pushes ?? 0;
  const muted = Math.round(sockets * MUTE_SHARE);
  await mariadb.createDatabase('slow');
  const beside = { databaseUrl: mariadb.url('slow'), deviceIds: [], serverPid: mariadb.pid };
  const ours = await startSystem(beside, sockets);
  const floor = await startSystem(bench.population, sockets);
  try {
    for (const subject of [ours, floor]) await subject.open(sockets);
    const { edge } = ours.pids;
    await ours.receiver.ask.mute({ sockets: muted });
    const before = residentOf(edge ?? 0);
    const alert = 'x'.repeat(FILL.characters);
    const bodies = Array.from({ length: muted }, (_, place) => sendTo([userOf(sockets - 1 - place)], alert));
    await ours.prepare(FILL.senders, bodies);
    await ours.sender.ask.run({ requests: muted * FILL.messages });
    const grown = Math.round((residentOf(edge ?? 0) - before) / 1e6);
    for (const subject of [ours, floor]) await subject.prepare(1, [sendTo(['ALL'])]);
    const comparison = await comparePairs(
      size.pairs,
      () => broadcast(ours, sockets - muted, pushes),
      () => broadcast(floor, sockets, pushes),
    );
    return { figures: [toFigure(head(sockets, muted, grown), comparison)] };
  } finally {
    await floor.stop();
    await ours.stop();
  }
};

function head(sockets: number, muted: number, grown: number) {
  const filled = Math.round((FILL.messages * FILL.characters) / 1e6);
  return {
    row: '12',
    measured: `topic push to ${sockets} sockets of which ${muted} read nothing, frames to the others; the floor: all read`,
    unit: 'frames/s',
    target: { of: 'ratio', least: 0.95 } as const,
    notes: [`${filled} MB were sent to each of those before; the edge grew by ${grown} MB`],
  };
}
