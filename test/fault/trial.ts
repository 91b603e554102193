import { setTimeout as sleep } from 'node:timers/promises';
import { createChecker, type Missing, reachEveryone } from './checker.js';
import type { Fault } from './fault.js';
import type { Misdelivery } from './ledger.js';
import type { Rig } from './rig.js';
import type { Row } from './table.js';

/** What a trial came to: a row for the table, and all that broke a promise, in words. */
export interface Verdict {
  row: Omit<Row, 'fault' | 'store'>;
  problems: string[];
}

const WARM_UP = 1000;
const RECOVERED_WITHIN = 60_000;
/** How much larger a process may be after the fault than it was under load before, in megabytes. */
const MEMORY_GROWTH = 200;

/** Lets a fault strike while the load runs, and judges what came of every push that was accepted. Stops the rig. */
export async function tryFault(fault: Fault, rig: Rig, scale: number): Promise<Verdict> {
  const { devices, load } = rig;
  const { tally } = load;
  const problems: string[] = [];
  const checker = createChecker(rig);
  for (const device of devices) device.connect();
  await reachEveryone(rig, RECOVERED_WITHIN);
  load.start();
  await sleep(WARM_UP * scale);
  const memory = await rig.memory();

  const before = tally.sent;
  const struck = performance.now();
  await fault.strike(rig, scale);
  const over = performance.now();
  await reachEveryone(rig, RECOVERED_WITHIN);
  const recovered = performance.now();
  await sleep(WARM_UP * scale);
  const sendsPerSecond = ((tally.sent - before) * 1000) / (performance.now() - struck);
  await load.stop();

  const stuck = await checker.settle();
  if (stuck.length > 0) problems.push(`came only with a new connection, or never: ${sample(stuck)}`);
  for (const device of devices) device.confirmAll();
  await checker.reconnectAll();
  const lost = await checker.settle();
  if (lost.length > 0) problems.push(`lost: ${sample(lost)}`);
  // Devices that are half-open or reset throw away what they have not read: all of it must have come again.
  const unread = checker.unread();
  if (unread > 0) problems.push(`unread, and not sent again: ${unread}`);
  for (const device of devices) device.confirmAll();
  // Everything has come and is confirmed: from here on nothing but the marker may come, whatever the fault was.
  const misdelivered = checker.misdeliveries();
  const redelivered = redeliveriesOf(rig);
  await checker.reconnectAll();
  const late = checker.misdeliveries().slice(misdelivered.length);
  if (late.length > 0) problems.push(`came again at the end: ${kinds(late)}`);
  if (redeliveriesOf(rig) > redelivered) problems.push('something was sent again at the end as unconfirmed');

  problems.push(...judge(fault, rig, misdelivered));
  const leaked = checker.leaked();
  if (leaked > 0) problems.push(`leaked to devices of others: ${leaked}`);
  const grown = await rig.memory();
  for (const name of ['core', 'edge'] as const) {
    if (grown[name] > memory[name] + MEMORY_GROWTH)
      problems.push(`the ${name} grew: ${memory[name]} → ${grown[name]} MB`);
  }
  problems.push(...(await rig.stop()));
  return {
    problems,
    row: {
      accepted: tally.accepted.size,
      sendsPerSecond,
      delivered: devices.reduce((sum, { ledger }) => sum + ledger.count(), 0),
      repeated: misdelivered.filter(({ kind }) => kind !== 'out of order').length,
      redelivered,
      unread,
      lost: lost.length,
      leaked,
      refused: tally.refused,
      cut: tally.cut,
      recovery: (recovered - over) / 1000,
    },
  };
}

function judge({ mayHappen = {} }: Fault, { devices, load }: Rig, misdelivered: readonly Misdelivery[]): string[] {
  const problems: string[] = [];
  const { tally } = load;
  const wrong = misdelivered.filter(({ kind }) => !mayHappen.misdeliveries?.includes(kind));
  if (wrong.length > 0) problems.push(`misdelivered: ${kinds(wrong)}`);
  problems.push(...tally.wrong.map((what) => `a send was ${what}`));
  if (tally.cut > 0 && !mayHappen.sendsCut)
    problems.push(`${tally.cut} sends were cut off: ${[...tally.cutBy].join('; ')}`);
  const cuts = devices.reduce((sum, device) => sum + device.cuts(), 0);
  if (cuts > 0 && !mayHappen.socketsCut) problems.push(`${cuts} sockets were cut`);
  const refusals = devices.flatMap((device) => device.refusals);
  if (refusals.length > 0) problems.push(`sockets were closed for good: ${refusals.join(', ')}`);
  return problems;
}

function redeliveriesOf({ devices }: Rig): number {
  return devices.reduce((sum, { ledger }) => sum + ledger.redelivered(), 0);
}

function sample(missing: readonly Missing[]): string {
  const shown = missing.slice(0, 10).map(({ pushId, place, needConfirm }) => {
    return `${pushId}${needConfirm ? ' (to confirm)' : ''} for device ${place}`;
  });
  return `${missing.length}: ${shown.join(', ')}`;
}

function kinds(misdeliveries: readonly Misdelivery[]): string {
  const counts = new Map<string, number[]>();
  for (const { kind, pushId } of misdeliveries) counts.set(kind, [...(counts.get(kind) ?? []), pushId]);
  return [...counts].map(([kind, ids]) => `${kind} × ${ids.length} (${ids.slice(0, 5).join(', ')})`).join('; ');
}
