import { setTimeout as sleep } from 'node:timers/promises';
import type { RowProgram } from '../bench.js';
import type { Figure } from '../figure.js';
import { summarize } from '../pairs.js';
import { type Subject, startFloor } from '../subject.js';
import { startSystem } from '../system.js';
import { residentOf } from '../usage.js';

/** Until what opening left has been collected. */
const RESTS = 3000;

/** Row 5: what one more idle session keeps resident. Fresh processes for each sample: a heap that has grown does not shrink. */
export const idleRows: RowProgram = async ({ size, population }) => {
  const [few, many] = size.idle;
  const taken: { edge: number; core: number; floor: number }[] = [];
  for (let pair = 0; pair < size.pairs; pair++) {
    const oursFirst = pair % 2 === 0;
    let floor = oursFirst ? undefined : await slopeOfFloor(few, many);
    const system = await startSystem(population, many);
    const ours = await slopes(system, few, many);
    floor ??= await slopeOfFloor(few, many);
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

async function slopeOfFloor(few: number, many: number): Promise<number> {
  return (await slopes(await startFloor(many), few, many)).floor ?? 0;
}

/** Bytes for each session, by process. Stops the subject. */
async function slopes(subject: Subject, few: number, many: number): Promise<Record<string, number>> {
  try {
    await subject.open(few);
    await sleep(RESTS);
    const before = residents(subject);
    await subject.open(many);
    await sleep(RESTS);
    const after = residents(subject);
    return Object.fromEntries(
      Object.entries(after).map(([name, bytes]) => [name, (bytes - (before[name] ?? 0)) / (many - few)]),
    );
  } finally {
    await subject.stop();
  }
}

function residents({ pids }: Subject): Record<string, number> {
  return Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, residentOf(pid)]));
}
