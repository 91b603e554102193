import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../support/eventually.js';
import type { RowProgram } from '../bench.js';
import type { Figure } from '../figure.js';
import { summarize } from '../pairs.js';
import type { Size } from '../size.js';
import { type Subject, startFloor } from '../subject.js';
import { startSystem } from '../system.js';

const DATABASE = 'idle';

/**
 * Row 5: what one more idle session keeps when garbage is collected; see memory.mjs. Fresh processes for each sample,
 * and a database in which nothing waits for anybody.
 */
export const idleRows: RowProgram = async ({ size, mariadb }) => {
  await mariadb.createDatabase(DATABASE);
  const population = { databaseUrl: mariadb.url(DATABASE), deviceIds: [], serverPid: mariadb.pid };
  const [few, many] = size.idle;
  const folder = await mkdtemp(join(tmpdir(), 'onepush-memory-'));
  const measured = {
    NODE_OPTIONS: `--import ${new URL('../memory.mjs', import.meta.url).pathname}`,
    BENCH_MEMORY: folder,
  };
  const slopeOfFloor = async () => (await slopes(await startFloor(many, measured), size, folder)).floor ?? 0;
  const taken: { edge: number; core: number; floor: number }[] = [];
  try {
    for (let pair = 0; pair < size.pairs; pair++) {
      const oursFirst = pair % 2 === 0;
      let floor = oursFirst ? undefined : await slopeOfFloor();
      const ours = await slopes(await startSystem(population, many, measured), size, folder);
      floor ??= await slopeOfFloor();
      taken.push({ edge: ours.edge ?? 0, core: ours.core ?? 0, floor });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const floor = summarize(taken.map((pair) => pair.floor));
  const head = { unit: 'bytes', measured: `bytes that an idle session keeps, slope from ${few} to ${many}` };
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

/** Bytes for each session, by process; the database's are not asked for. Stops the subject. */
async function slopes(subject: Subject, { idle: [few, many] }: Size, folder: string): Promise<Record<string, number>> {
  const { database: _, ...pids } = subject.pids;
  const kept = async () => {
    const entries = Object.entries(pids).map(async ([name, pid]) => [name, await keptBy(pid, folder)] as const);
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

/** What a process keeps when its garbage is collected: it says so itself, see memory.mjs. */
async function keptBy(pid: number, folder: string): Promise<number> {
  const file = join(folder, String(pid));
  await rm(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  return Number(await eventually(() => readFile(file, 'utf8'), { timeoutMs: 20_000 }));
}
