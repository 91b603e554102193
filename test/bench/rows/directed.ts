import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench, RowProgram } from '../bench.js';
import { directedBodies } from '../bodies.js';
import type { Curve, CurvePoint } from '../chart.js';
import { type Figure, toFigure } from '../figure.js';
import type { Latencies } from '../load/histogram.js';
import { type Comparison, comparePairs, type Sample, summarize } from '../pairs.js';
import { type Subject, startFloor } from '../subject.js';
import { type Population, startSystem } from '../system.js';

const ARRIVES_WITHIN = 20_000;
/** A run at a fixed rate is so much longer than a window: its 99th percentile needs more. */
const STEADY_WINDOWS = 3;

/** Rows 2 and 3: to one device each, on MariaDB; the rate, then the latency at half of it. */
export const directedRows: RowProgram = async (bench) =>
  withBoth(bench, bench.population, async (ours, floor) => {
    const comparison = await compareRates(bench, ours, floor);
    const head = { unit: 'messages/s', measured: `directed REST send → ws, ${bench.size.devices} devices, MariaDB` };
    const rate = comparison.ours.median;
    const half = await steadyFigures(bench, ours, floor, rate / 2);
    return {
      figures: [toFigure({ ...head, row: '2', target: { of: 'ratio', least: 0.7 } }, comparison), ...half],
      ...(bench.size.curve.length > 0 ? { curve: await drawCurve(bench, ours, floor, rate) } : {}),
    };
  });

/** Row 10: the same rate with what needs no configuration. */
export const embeddedRows: RowProgram = async (bench) =>
  withBoth(bench, bench.sqlite, async (ours, floor) => {
    const head = { unit: 'messages/s', measured: `row 2 on SQLite, the embedded default` };
    const comparison = await compareRates(bench, ours, floor);
    return { figures: [toFigure({ ...head, row: '10', target: { of: 'ratio', least: 0.5 } }, comparison)] };
  });

async function withBoth<T>(
  { size }: Bench,
  population: Population,
  work: (ours: Subject, floor: Subject) => Promise<T>,
): Promise<T> {
  const ours = await startSystem(population, size.devices);
  const floor = await startFloor(size.devices);
  try {
    for (const subject of [ours, floor]) {
      await subject.open(size.devices);
      await subject.prepare(size.senders, directedBodies(size.devices));
    }
    return await work(ours, floor);
  } finally {
    await floor.stop();
    await ours.stop();
  }
}

function compareRates({ size }: Bench, ours: Subject, floor: Subject): Promise<Comparison> {
  return comparePairs(
    size.pairs,
    () => saturate(ours, size),
    () => saturate(floor, size),
  );
}

/** Messages that arrive each second while every back end sends as soon as it was answered. */
export async function saturate(subject: Subject, { warmUp, window }: Bench['size']): Promise<Sample> {
  const { sender, receiver } = subject;
  const { frames: before } = await receiver.ask.frames(null);
  await sender.ask.start(null);
  await sleep(warmUp);
  const sample = await subject.measure(async () => {
    const first = await receiver.ask.frames(null);
    await sleep(window);
    const last = await receiver.ask.frames(null);
    const units = last.frames - first.frames;
    return { units, value: (units * 1_000_000) / (last.at - first.at) };
  });
  const { answered, failed } = await sender.ask.stop(null);
  if (failed > 0) throw new Error(`${failed} of ${answered} sends were refused`);
  await receiver.ask.until({ frames: before + answered, within: ARRIVES_WITHIN });
  return sample;
}

/** Latency from when a message was due to be sent to when its device has it, and to its answer. */
export async function sendSteadily(
  { sender, receiver }: Subject,
  rate: number,
  ms: number,
): Promise<{ arrived: Latencies; answered: Latencies }> {
  const { frames } = await receiver.ask.frames(null);
  await receiver.ask.beginLatencies(null);
  const outcome = await sender.ask.openLoop({ rate, ms });
  if (outcome.failed > 0) throw new Error(`${outcome.failed} sends were refused`);
  await receiver.ask.until({ frames: frames + outcome.answered, within: ARRIVES_WITHIN });
  return { arrived: await receiver.ask.endLatencies(null), answered: outcome.latencies };
}

async function steadyFigures({ size }: Bench, ours: Subject, floor: Subject, rate: number): Promise<Figure[]> {
  const ms = size.window * STEADY_WINDOWS;
  const taken = { ours: [] as Latencies[], floor: [] as Latencies[], answers: [] as Latencies[] };
  for (let pair = 0; pair < size.pairs; pair++) {
    for (const turn of pair % 2 === 0 ? ([ours, floor] as const) : ([floor, ours] as const)) {
      const { arrived, answered } = await sendSteadily(turn, rate, ms);
      if (turn === ours) taken.answers.push(answered);
      (turn === ours ? taken.ours : taken.floor).push(arrived);
    }
  }
  return (['p50', 'p99'] as const).map((percentile): Figure => {
    const of = (latencies: Latencies[]) => summarize(latencies.map((each) => each[percentile]));
    return {
      row: percentile === 'p50' ? '3a' : '3b',
      measured: `the same at ${Math.round(rate)} messages/s, half of that: ${percentile} from due to arrival`,
      unit: 'ms',
      ours: of(taken.ours),
      floor: of(taken.floor),
      notes: [`to the answer of the send: ${of(taken.answers).median.toFixed(1)} ms`],
      ...(percentile === 'p99' ? { target: { of: 'ours', most: 15 } as const } : {}),
    };
  });
}

async function drawCurve({ size }: Bench, ours: Subject, floor: Subject, rate: number): Promise<Curve> {
  const curve: Curve = { ours: [], floor: [] };
  for (const share of size.curve) {
    for (const [subject, points] of [
      [ours, curve.ours],
      [floor, curve.floor],
    ] as const) {
      const { arrived } = await sendSteadily(subject, rate * share, size.window * STEADY_WINDOWS);
      const point: CurvePoint = { rate: rate * share, p50: arrived.p50, p99: arrived.p99 };
      points.push(point);
    }
  }
  return curve;
}
