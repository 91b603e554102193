import { setTimeout as sleep } from 'node:timers/promises';
import { scrape } from '../../support/metrics.js';
import type { RunningProcess } from '../../support/process.js';
import type { RowProgram } from '../bench.js';
import type { Figure } from '../figure.js';
import { summarize } from '../pairs.js';
import type { Size } from '../size.js';
import { type Subject, startFloor } from '../subject.js';
import { startSystem } from '../system.js';
import { residentOf } from '../usage.js';

/**
 * Row 5: what one more idle session keeps resident, the young generation aside: that is as large as the openings have made it. Fresh
 * processes for each sample: a heap that has grown does not shrink.
 */
export const idleRows: RowProgram = async ({ size, population }) => {
  const [few, many] = size.idle;
  const taken: { edge: number; core: number; floor: number }[] = [];
  for (let pair = 0; pair < size.pairs; pair++) {
    const oursFirst = pair % 2 === 0;
    let floor = oursFirst ? undefined : await slopeOfFloor(size);
    const system = await startSystem(population, many);
    const { core, edge } = system.stack;
    const ours = await slopes(system, size, { core: () => youngOf(core), edge: () => youngOf(edge) });
    floor ??= await slopeOfFloor(size);
    taken.push({ edge: ours.edge ?? 0, core: ours.core ?? 0, floor });
  }
  const floor = summarize(taken.map((pair) => pair.floor));
  const head = { unit: 'bytes', measured: `resident bytes of an idle session, slope from ${few} to ${many}` };
  const edge: Figure = {
    ...head,
    row: '5a',
    measured: `${head.measured}: edge`,
    ours: summarize(taken.map((pair) => pair.edge)),
    floor,
    ratio: summarize(taken.map((pair) => pair.edge / pair.floor)),
    target: { of: 'ratio', most: 1.3 },
  };
  const core: Figure = {
    ...head,
    row: '5b',
    measured: `${head.measured}: core`,
    ours: summarize(taken.map((pair) => pair.core)),
    target: { of: 'ours', most: 400 },
  };
  return { figures: [edge, core] };
};

async function slopeOfFloor(size: Size): Promise<number> {
  const floor = await startFloor(size.idle[1]);
  return (await slopes(floor, size, { floor: () => floor.server.ask.youngBytes(null) })).floor ?? 0;
}

/** Bytes of the young generation of a process of ours. */
async function youngOf(process: RunningProcess): Promise<number> {
  const bytes = (await scrape(process)).get('nodejs_heap_space_size_total_bytes{space="new"}');
  if (bytes === undefined) throw new Error('a process does not say how large its young generation is');
  return bytes;
}

/** Bytes for each session, by process. Stops the subject. */
async function slopes(
  subject: Subject,
  { idle: [few, many], rests }: Size,
  young: Record<string, () => Promise<number>>,
): Promise<Record<string, number>> {
  const kept = async () => {
    await sleep(rests);
    const entries = Object.entries(young).map(
      async ([name, bytes]) => [name, residentOf(subject.pids[name] ?? 0) - (await bytes())] as const,
    );
    return Object.fromEntries(await Promise.all(entries));
  };
  try {
    await subject.open(few);
    const before = await kept();
    await subject.open(many);
    const after = await kept();
    return Object.fromEntries(
      Object.entries(after).map(([name, bytes]) => [name, (bytes - (before[name] ?? 0)) / (many - few)]),
    );
  } finally {
    await subject.stop();
  }
}
