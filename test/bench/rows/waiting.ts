import type { RowProgram } from '../bench.js';
import { sendTo } from '../bodies.js';
import { toFigure } from '../figure.js';
import { comparePairs, type Sample } from '../pairs.js';
import { type Subject, startFloor, userOf } from '../subject.js';
import { startSystem } from '../system.js';

const ARRIVES_WITHIN = 120_000;
const SETTLES = 1000;
const SENDS_AT_ONCE = 8;

/** Row 7: devices come back to what waited for them. The floor greets each socket with as many messages, corked. */
export const waitingRows: RowProgram = async ({ size, population }) => {
  const { devices, messages } = size.waiting;
  const ours = await startSystem(population, devices);
  const floor = await startFloor(devices);
  try {
    await floor.server.ask.configure({ broadcast: 'send', greeting: messages });
    await ours.prepare(SENDS_AT_ONCE, [sendTo(Array.from({ length: devices }, (_, place) => userOf(place)))]);
    await ours.open(devices);
    await ours.clear(SETTLES);
    const comparison = await comparePairs(
      size.pairs,
      async () => {
        const { failed } = await ours.sender.ask.run({ requests: messages });
        if (failed > 0) throw new Error(`${failed} of ${messages} sends were refused`);
        return readAll(ours, devices, messages);
      },
      () => readAll(floor, devices, messages),
    );
    const figure = toFigure(
      {
        row: '7',
        measured: `${devices} devices reconnect to ${messages} waiting messages each`,
        unit: 'messages/s',
        target: { of: 'ratio', least: 0.5 },
      },
      comparison,
    );
    return { figures: [figure] };
  } finally {
    await floor.stop();
    await ours.stop();
  }
};

async function readAll(subject: Subject, devices: number, messages: number): Promise<Sample> {
  const { receiver } = subject;
  const units = devices * messages;
  const { frames } = await receiver.ask.frames(null);
  const sample = await subject.measure(async () => {
    const { at: began } = await receiver.ask.frames(null);
    await subject.open(devices);
    const { at } = await receiver.ask.until({ frames: frames + units, within: ARRIVES_WITHIN });
    return { units, value: (units * 1_000_000) / (at - began) };
  });
  await subject.clear(SETTLES);
  return sample;
}
