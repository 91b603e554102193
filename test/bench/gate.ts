import { readFile, writeFile } from 'node:fs/promises';
import { type Bench, type RowProgram, withBench } from './bench.js';
import { directedRows } from './rows/directed.js';
import { streamingRows } from './rows/streaming.js';
import { waitingRows } from './rows/waiting.js';
import { readSize } from './size.js';

/**
 * `make bench-gate`: fails when a hot row has fallen by more than a fifth of its ratio to the floor, as it was when
 * gate.json was written, in the same short form. A row that seems to have fallen is measured again: a machine that is
 * busy for a second is no loss. GATE_WRITE=1 writes gate.json anew, on a quiet machine.
 */
const HOT: Readonly<Record<string, RowProgram>> = { '2': directedRows, '4': streamingRows, '7': waitingRows };
const KEPT_SHARE = 0.8;
const ATTEMPTS = 3;
const BASELINE = new URL('gate.json', import.meta.url);

const isWriting = process.env.GATE_WRITE === '1';
const baseline: Record<string, number> = JSON.parse(await readFile(BASELINE, 'utf8').catch(() => '{}'));
const found: Record<string, number> = {};
let hasFallen = false;

await withBench(readSize(true), async (bench) => {
  for (const [row, run] of Object.entries(HOT)) {
    const least = (baseline[row] ?? 0) * KEPT_SHARE;
    const ratios: number[] = [];
    do ratios.push(await ratioOf(bench, row, run));
    while (ratios.length < ATTEMPTS && (isWriting || Math.max(...ratios) < least));
    // The least of a quiet machine: what it does at its worst is no loss.
    found[row] = Math.min(...ratios);
    const fell = Math.max(...ratios) < least;
    hasFallen ||= fell;
    bench.say(`row ${row}: ${format(ratios)}; at least ${format([least])}${fell ? ': it has fallen' : ''}`);
  }
});
if (isWriting) await writeFile(BASELINE, `${JSON.stringify(found, undefined, 2)}\n`);
else if (hasFallen) process.exitCode = 1;

/** Measures one row, and returns its ratio to the floor. */
async function ratioOf(bench: Bench, row: string, run: RowProgram): Promise<number> {
  const { figures } = await run(bench);
  return figures.find((figure) => figure.row === row)?.ratio?.median ?? 0;
}

function format(ratios: readonly number[]): string {
  return ratios.map((ratio) => ratio.toFixed(2)).join(', ');
}
