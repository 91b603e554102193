import type { Bench, RowProgram } from '../bench.js';
import { sendTo } from '../bodies.js';
import { type Figure, toFigure } from '../figure.js';
import type { Broadcast } from '../floor/server.js';
import { comparePairs, type Sample } from '../pairs.js';
import { type Floor, type Subject, startFloor } from '../subject.js';
import { startSystem } from '../system.js';

const ARRIVES_WITHIN = 60_000;
const WAYS: readonly Broadcast[] = ['publish', 'send'];

/** Row 1: a push to everyone, one after the other. */
export const broadcastRows: RowProgram = async (bench) => {
  const figures: Figure[] = [];
  for (const [index, { sockets, pushes }] of bench.size.broadcasts.entries()) {
    figures.push(await measure(bench, `1${'ab'[index]}`, sockets, pushes));
  }
  return { figures };
};

async function measure({ size, population }: Bench, row: string, sockets: number, pushes: number): Promise<Figure> {
  const ours = await startSystem(population, sockets);
  const floor = await startFloor(sockets);
  try {
    for (const subject of [ours, floor]) {
      await subject.open(sockets);
      await subject.prepare(1, [sendTo(['ALL'])]);
      await broadcast(subject, sockets, 2);
    }
    const better = await betterWay(floor, sockets, pushes);
    await floor.server.ask.configure({ broadcast: better, greeting: 0 });
    const comparison = await comparePairs(
      size.pairs,
      () => broadcast(ours, sockets, pushes),
      () => broadcast(floor, sockets, pushes),
    );
    return toFigure(
      {
        row,
        measured: `topic push to ${sockets} sockets, MariaDB`,
        unit: 'frames/s',
        target: { of: 'ratio', least: 0.95 },
        notes: [`the better floor: ${better === 'send' ? 'a loop of corked sends' : 'publish'}`],
      },
      comparison,
    );
  } finally {
    await floor.stop();
    await ours.stop();
  }
}

/** Frames that arrive each second. */
export function broadcast(subject: Subject, sockets: number, pushes: number): Promise<Sample> {
  const { sender, receiver } = subject;
  return subject.measure(async () => {
    const units = sockets * pushes;
    const { frames } = await receiver.ask.frames(null);
    const { began, failed } = await sender.ask.run({ requests: pushes });
    if (failed > 0) throw new Error(`${failed} of ${pushes} pushes were refused`);
    const { at } = await receiver.ask.until({ frames: frames + units, within: ARRIVES_WITHIN });
    return { units, value: (units * 1_000_000) / (at - began) };
  });
}

async function betterWay(floor: Floor, sockets: number, pushes: number): Promise<Broadcast> {
  const rates = new Map<Broadcast, number>();
  for (const way of [...WAYS, ...WAYS.toReversed()]) {
    await floor.server.ask.configure({ broadcast: way, greeting: 0 });
    const { value } = await broadcast(floor, sockets, pushes);
    rates.set(way, (rates.get(way) ?? 0) + value);
  }
  return (rates.get('send') ?? 0) > (rates.get('publish') ?? 0) ? 'send' : 'publish';
}
