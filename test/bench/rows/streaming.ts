import { setTimeout as sleep } from 'node:timers/promises';
import { basic } from '../../support/rpc.js';
import { TEST_APP } from '../../support/stack.js';
import type { Bench, RowProgram } from '../bench.js';
import { directedBodies } from '../bodies.js';
import { type Child, startChild } from '../child.js';
import { micros } from '../clock.js';
import { type Figure, toFigure } from '../figure.js';
import type { Streamer } from '../load/streamer.js';
import { comparePairs, type Sample, summarize } from '../pairs.js';
import { startFloor, userOf } from '../subject.js';
import { type System, startSystem } from '../system.js';
import { saturate } from './directed.js';

const ARRIVES_WITHIN = 30_000;
const PER_MESSAGE = 128;
/**
 * Messages on their way: enough that the core never waits for the caller, few enough that it is not the window of the
 * stream.
 */
const UNDER_WAY = 32;

/** Row 4: one caller with one stream, on MariaDB; and the same where pushes are only checked. */
export const streamingRows: RowProgram = async (bench) => {
  const { size } = bench;
  const ours = await startSystem(bench.population, size.devices);
  const floor = await startFloor(size.devices);
  const streamer = await startChild<Streamer>(new URL('../load/streamer.js', import.meta.url));
  try {
    for (const subject of [ours, floor]) await subject.open(size.devices);
    await floor.prepare(size.senders, directedBodies(size.devices));
    await prepare(streamer, ours, bench, false);
    const comparison = await comparePairs(
      size.pairs,
      () => stream(streamer, ours, size),
      () => saturate(floor, size),
    );
    const measured = `SendPushStream → ws, one caller, ${size.devices} devices, MariaDB; the floor is row 2's`;
    const figure = toFigure(
      { row: '4', measured, unit: 'messages/s', target: { of: 'ratio', least: 1.2 } },
      comparison,
    );
    return { figures: [figure, await checkOnly(streamer, ours, bench)] };
  } finally {
    await streamer.stop();
    await floor.stop();
    await ours.stop();
  }
};

function prepare(streamer: Child<Streamer>, { stack }: System, { size }: Bench, dryRun: boolean): Promise<void> {
  return streamer.ask.prepare({
    address: stack.grpcAddr,
    authorization: basic(TEST_APP.appId, TEST_APP.appKey).headers.authorization ?? '',
    users: Array.from({ length: size.devices }, (_, place) => userOf(place)),
    alert: 'Your order has left the house',
    perMessage: PER_MESSAGE,
    underWay: UNDER_WAY,
    dryRun,
  });
}

/** Messages that arrive each second. */
async function stream(streamer: Child<Streamer>, ours: System, { warmUp, window }: Bench['size']): Promise<Sample> {
  const { receiver } = ours;
  const { frames: before } = await receiver.ask.frames(null);
  await streamer.ask.start(null);
  await sleep(warmUp);
  const sample = await ours.measure(async () => {
    const first = await receiver.ask.frames(null);
    await sleep(window);
    const last = await receiver.ask.frames(null);
    const units = last.frames - first.frames;
    return { units, value: (units * 1_000_000) / (last.at - first.at) };
  });
  const { answered, failed } = await streamer.ask.stop(null);
  if (failed > 0) throw new Error(`${failed} of ${answered} pushes were refused`);
  await receiver.ask.until({ frames: before + answered, within: ARRIVES_WITHIN });
  return sample;
}

async function checkOnly(streamer: Child<Streamer>, ours: System, bench: Bench): Promise<Figure> {
  const { pairs, warmUp, window } = bench.size;
  await prepare(streamer, ours, bench, true);
  const rates: number[] = [];
  for (let round = 0; round < pairs; round++) {
    await streamer.ask.start(null);
    await sleep(warmUp);
    const [first, began] = [await streamer.ask.counts(null), micros()];
    await sleep(window);
    const last = await streamer.ask.counts(null);
    rates.push(((last.answered - first.answered) * 1_000_000) / (micros() - began));
    await streamer.ask.stop(null);
  }
  return {
    row: '4b',
    measured: 'the same, only checked (`dry_run`)',
    unit: 'pushes/s',
    ours: summarize(rates),
    target: { of: 'ours', least: 100_000 },
  };
}
