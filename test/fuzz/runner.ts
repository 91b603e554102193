import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acceptableMs } from '../support/bystander.js';
import type { Door, Outcome } from './door.js';
import { createRandom } from './input/random.js';
import type { Target } from './target.js';

/** What is to be tried. */
export interface Order {
  door: string;
  seed: string;
  /** How many inputs, at the least. */
  inputs: number;
  /** Seconds after which no more are begun. */
  seconds: number;
  /** Only this trial, of all that the seed makes. */
  index?: number;
  target: Target;
}

/** What must not have been: the trial that did it, and the file that has what was sent. */
export interface Finding {
  index: number;
  problem: string;
  answer: string;
  file: string;
}

/** What a door did. */
export interface Tally {
  inputs: number;
  seconds: number;
  /** How often which answer came. */
  answers: Record<string, number>;
  /** The longest that anything was waited for, in milliseconds. */
  longestMs: number;
  /** How many were waited for too long. Each is tried again, alone, and is a finding if it is late again. */
  late: number;
  findings: Finding[];
  /** Beyond those that are kept. */
  moreFindings: number;
}

/** How long anything may take. */
const LIMIT_MS = 1000;
/** For how long it is waited for, so that what is late is told from what never comes. */
const PATIENCE_MS = 8000;
const MAX_FINDINGS = 20;

/** Tries inputs until there are enough of them, or too many findings. */
export async function runDoor(door: Door, { seed, inputs, seconds, index: only, target }: Order): Promise<Tally> {
  const begun = performance.now();
  const tally: Tally = { inputs: 0, seconds: 0, answers: {}, longestMs: 0, late: 0, findings: [], moreFindings: 0 };
  const lates: number[] = [];
  let next = only ?? 0;
  let folder: Promise<string> | undefined;

  const isOver = (): boolean =>
    tally.inputs >= inputs || performance.now() - begun > seconds * 1000 || tally.moreFindings > MAX_FINDINGS;

  async function take(index: number, outcome: Outcome): Promise<void> {
    tally.inputs += outcome.inputs;
    tally.answers[outcome.answer] = (tally.answers[outcome.answer] ?? 0) + 1;
    if (outcome.problem === undefined) return;
    if (tally.findings.length >= MAX_FINDINGS) {
      tally.moreFindings++;
      return;
    }
    folder ??= mkdtemp(join(tmpdir(), 'one-push-fuzz-'));
    const file = join(await folder, `${door.name.replaceAll(/\W/g, '-')}-${index}.bin`);
    await writeFile(file, outcome.sent);
    tally.findings.push({ index, problem: outcome.problem, answer: outcome.answer, file });
  }

  async function work(): Promise<void> {
    const lane = await door.openLane(target);
    try {
      while (!isOver()) {
        const index = next++;
        const outcome = await lane.attempt(createRandom(seed, door.name, index), PATIENCE_MS);
        tally.longestMs = Math.max(tally.longestMs, outcome.waitedMs);
        if (outcome.waitedMs > LIMIT_MS) {
          lates.push(index);
          tally.inputs += outcome.inputs;
        } else {
          await take(index, outcome);
        }
        if (only !== undefined) break;
      }
    } finally {
      await lane.close();
    }
  }
  await Promise.all(Array.from({ length: only === undefined ? door.lanes : 1 }, work));

  // A machine that does something else for a second makes everybody late: what is at fault is late again, alone.
  tally.late = lates.length;
  for (const index of lates) {
    if (tally.moreFindings > MAX_FINDINGS) break;
    const lane = await door.openLane(target);
    const outcome = await lane.attempt(createRandom(seed, door.name, index), PATIENCE_MS);
    await lane.close();
    const isLate = outcome.waitedMs > Math.max(LIMIT_MS, acceptableMs());
    const problem = isLate ? `${outcome.problem ?? 'late'}, after ${Math.round(outcome.waitedMs)} ms` : outcome.problem;
    await take(index, { ...outcome, inputs: 0, ...(problem === undefined ? {} : { problem }) });
  }
  tally.seconds = (performance.now() - begun) / 1000;
  return tally;
}
