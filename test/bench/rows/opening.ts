import type { RowProgram } from '../bench.js';
import { sendTo } from '../bodies.js';
import { toFigure } from '../figure.js';
import { comparePairs, type Sample } from '../pairs.js';
import { type Subject, startFloor } from '../subject.js';
import { startSystem } from '../system.js';

const ARRIVES_WITHIN = 60_000;
/** Between a run and the next, so that what its sessions left is committed. */
const SETTLES = 500;

/**
 * Row 6: sessions opened each second, until the last has the one message that waited for it: a push to everyone, so
 * that it is known that the core looked the device up and read its inbox and topics. The floor greets each socket with
 * one message.
 */
export const openingRows: RowProgram = async ({ size, population }) => {
  const ours = await startSystem(population, size.sessions);
  const floor = await startFloor(size.sessions);
  try {
    await floor.server.ask.configure({ broadcast: 'send', greeting: 1 });
    await ours.prepare(1, [sendTo(['ALL'])]);
    // The first sessions read what earlier rows have pushed.
    await ours.open(size.sessions);
    await ours.clear(SETTLES);
    const comparison = await comparePairs(
      size.pairs,
      async () => {
        await ours.sender.ask.run({ requests: 1 });
        return openAll(ours, size.sessions);
      },
      () => openAll(floor, size.sessions),
    );
    const figure = toFigure(
      {
        row: '6',
        measured: `${size.sessions} sessions opened, each with registry look-up and inbox read`,
        unit: 'sessions/s',
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

async function openAll(subject: Subject, sessions: number): Promise<Sample> {
  const { receiver } = subject;
  const { frames } = await receiver.ask.frames(null);
  const sample = await subject.measure(async () => {
    const { at: began } = await receiver.ask.frames(null);
    await subject.open(sessions);
    const { at } = await receiver.ask.until({ frames: frames + sessions, within: ARRIVES_WITHIN });
    return { units: sessions, value: (sessions * 1_000_000) / (at - began) };
  });
  await subject.clear(SETTLES);
  return sample;
}
