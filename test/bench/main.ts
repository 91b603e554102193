import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../support/dist.js';
import { type RowProgram, withBench } from './bench.js';
import { type Curve, drawLatency } from './chart.js';
import type { Figure } from './figure.js';
import { formatCpu, formatDelays, formatTable, withPart } from './report.js';
import { broadcastRows } from './rows/broadcast.js';
import { directedRows, embeddedRows } from './rows/directed.js';
import { idleRows } from './rows/idle.js';
import { millionRows } from './rows/million.js';
import { openingRows } from './rows/opening.js';
import { registeringRows } from './rows/registering.js';
import { slowRows } from './rows/slow.js';
import { streamingRows } from './rows/streaming.js';
import { tracedRows } from './rows/traced.js';
import { waitingRows } from './rows/waiting.js';
import { wakingRows } from './rows/waking.js';
import { watchedRows } from './rows/watched.js';
import { workersRows } from './rows/workers.js';
import { readSize } from './size.js';

/** Rows by number, in the order in which they run. */
const PROGRAMS: readonly { rows: readonly string[]; run: RowProgram }[] = [
  { rows: ['2', '3'], run: directedRows },
  { rows: ['4'], run: streamingRows },
  { rows: ['10'], run: embeddedRows },
  { rows: ['9'], run: registeringRows },
  { rows: ['7'], run: waitingRows },
  { rows: ['6'], run: openingRows },
  { rows: ['1'], run: broadcastRows },
  { rows: ['12'], run: slowRows },
  { rows: ['13'], run: watchedRows },
  { rows: ['14'], run: wakingRows },
  { rows: ['15'], run: tracedRows },
  { rows: ['11'], run: workersRows },
  { rows: ['5'], run: idleRows },
  { rows: ['8'], run: millionRows },
];

/** What the JSON file holds. */
interface Results {
  machine: string;
  figures: (Figure & { at: string })[];
  curve?: Curve;
}

const DOCS = join(ROOT, 'docs');
const RESULTS = join(DOCS, 'benchmarks.json');
const PAGE = join(DOCS, 'benchmarks.md');
const CHART = join(DOCS, 'latency.svg');

/**
 * BENCH=quick: a minute. BENCH_WRITE=1: puts what was measured into docs/, beside the rows that were not. Arguments:
 * row numbers.
 */
const quick = process.env.BENCH === 'quick';
const wanted = process.argv.slice(2);
const chosen = PROGRAMS.filter(({ rows }) => wanted.length === 0 || rows.some((row) => wanted.includes(row)));
const at = new Date().toISOString();
const measured: (Figure & { at: string })[] = [];
let curve: Curve | undefined;

await withBench(readSize(quick), async (bench) => {
  for (const { run } of chosen) {
    const began = Date.now();
    const result = await run(bench);
    measured.push(...result.figures.map((figure) => ({ ...figure, at })));
    curve = result.curve ?? curve;
    const seconds = Math.round((Date.now() - began) / 1000);
    bench.say(
      `${formatTable(result.figures)}\n${formatCpu(result.figures)}\n${formatDelays(result.figures)}\n(${seconds} s)\n`,
    );
  }
});
if (quick) console.log('The quick form: too short to be quoted.');
else if (process.env.BENCH_WRITE === '1') await write();

async function write(): Promise<void> {
  const before: Results = JSON.parse(await readFile(RESULTS, 'utf8').catch(() => '{"figures":[]}'));
  const kept = before.figures.filter(({ row }) => !measured.some((figure) => figure.row === row));
  const figures = [...kept, ...measured].toSorted((a, b) => a.row.localeCompare(b.row, 'en', { numeric: true }));
  const machine = `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown'}, Node.js ${process.version}`;
  const results: Results = { machine, figures, curve: curve ?? before.curve };
  await writeFile(RESULTS, `${JSON.stringify(results, undefined, 2)}\n`);
  const page = withPart(await readFile(PAGE, 'utf8'), 'figures', formatTable(figures));
  await writeFile(PAGE, withPart(withPart(page, 'cpu', formatCpu(figures)), 'delays', formatDelays(figures)));
  if (results.curve !== undefined) await writeFile(CHART, drawLatency(results.curve));
}
