import type { Bench, RowProgram } from '../bench.js';
import { sendTo } from '../bodies.js';
import { type Figure, toFigure } from '../figure.js';
import type { Broadcast } from '../floor/server.js';
import { comparePairs, type Sample } from '../pairs.js';
import { type Floor, type Subject, startFloor } from '../subject.js';
import { startSystem } from '../system.js';

const ARRIVES_WITHIN = 60_000;
const WAYS: readonly Broadcast[] = ['publish', 'send'];

/** Pushes of which each is sent when all have the one before. */
const LONE_PUSHES = 10;

/** Row 1: pushes to everyone, each sent when the one before was answered; and each when all have the one before. */
export const broadcastRows: RowProgram = async (bench) => {
  const measured: { many: Figure; lone: Figure }[] = [];
  for (const { sockets, pushes } of bench.size.broadcasts) measured.push(await measure(bench, sockets, pushes));
  const figures = [...measured.map(({ many }) => many), ...measured.map(({ lone }) => lone)];
  return { figures: figures.map((figure, index) => ({ ...figure, row: `1${'abcd'[index]}` })) };
};

async function measure(
  { size, population }: Bench,
  sockets: number,
  pushes: number,
): Promise<{ many: Figure; lone: Figure }> {
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
    const lone = await comparePairs(
      size.pairs,
      () => pushAlone(ours, sockets),
      () => pushAlone(floor, sockets),
    );
    const head = {
      row: '1',
      measured: `topic push to ${sockets} sockets, MariaDB`,
      notes: [`the better floor: ${better === 'send' ? 'a loop of corked sends' : 'publish'}`],
    };
    return {
      many: toFigure({ ...head, unit: 'frames/s', target: { of: 'ratio', least: 0.95 } }, comparison),
      lone: toFigure({ ...head, measured: `${head.measured}, alone: until the last of them has it`, unit: 'ms' }, lone),
    };
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

/** Milliseconds from the request until the last socket has the push. */
function pushAlone(subject: Subject, sockets: number): Promise<Sample> {
  const { sender, receiver } = subject;
  return subject.measure(async () => {
    const { frames } = await receiver.ask.frames(null);
    let micros = 0;
    for (let pushes = 1; pushes <= LONE_PUSHES; pushes++) {
      const { began } = await sender.ask.run({ requests: 1 });
      const { at } = await receiver.ask.until({ frames: frames + pushes * sockets, within: ARRIVES_WITHIN });
      micros += at - began;
    }
    const value = micros / LONE_PUSHES / 1000;
    return { units: LONE_PUSHES * value, value };
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
