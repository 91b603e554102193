import { setTimeout as sleep } from 'node:timers/promises';
import type { Peer } from '../peer.js';
import { arrive, Missed, reconnected, type Scenario, type Stage } from '../stage.js';

/** Greatest pause after so many failures, in milliseconds: docs/devices.md, B1. */
const capMs = (failures: number): number => Math.min(30_000, 1_000 * 2 ** failures);
/** Least sums of the pauses. A client that does as it should stays above them but in 1 of 30,000 runs. */
const LEAST_SUM_MS: Readonly<Record<number, number>> = { 4: 400, 5: 1_000, 6: 3_000 };
/** Pauses that differ by less are the same, in milliseconds. */
const SAME_MS = 60;
const LATE_MS = 5_000;

/** Ends connection after connection, and returns the pauses and the last connection. */
async function measurePauses(stage: Stage, first: Peer, count: number): Promise<{ pauses: number[]; last: Peer }> {
  const { service } = stage;
  const pauses: number[] = [];
  let last = first;
  for (let failures = 0; failures < count; failures++) {
    service.attempts.clear();
    const cutAt = last.cut();
    const at = await service.attempts.next(stage.pace.comeBackMs);
    last = await reconnected(stage, 'X7', 'a cut', at === undefined ? 0 : undefined);
    pauses.push((at ?? cutAt) - cutAt);
  }
  return { pauses, last };
}

function judgePauses({ verdicts }: Stage, pauses: readonly number[]): void {
  const told = `pauses of ${pauses.map((ms) => `${(ms / 1_000).toFixed(1)} s`).join(', ')}`;
  const sum = pauses.reduce((total, ms) => total + ms, 0);
  const isLong = sum >= (LEAST_SUM_MS[pauses.length] ?? 0);
  verdicts.judge('B1', isLong, `made ${told}: too short for ${pauses.length} failures`);
  const isBounded = pauses.every((ms, index) => ms <= capMs(index) + LATE_MS);
  verdicts.judge('B1', isBounded, `made ${told}: longer than min(30, 2^n) s`);
  // No pauses are neither random nor not.
  if (!isLong) return;
  const isStepped = pauses.every((ms, index) => ms >= 0.95 * capMs(index));
  const isEven = Math.max(...pauses) - Math.min(...pauses) < SAME_MS;
  verdicts.judge('B2', !(isStepped || isEven), `made ${told}: not random`);
}

/** The service is away for long: connection after connection breaks. */
export const backoff: Scenario = {
  name: 'backoff',
  async run(stage) {
    const { pauses } = await measurePauses(stage, await arrive(stage), stage.pace.failures);
    judgePauses(stage, pauses);
  },
};

const HELD_MS = 11_000;

/** After failures, a connection that held: the next pause is short again. */
export const held: Scenario = {
  name: 'held',
  isSlow: true,
  async run(stage) {
    const { last } = await measurePauses(stage, await arrive(stage), 5);
    await sleep(HELD_MS, undefined, { ref: false });
    if (!last.isLive()) throw new Missed();
    const { pauses } = await measurePauses(stage, last, 1);
    const ms = Math.round(pauses[0] ?? 0);
    stage.verdicts.judge(
      'B3',
      ms <= capMs(0) + LATE_MS / 2,
      `waited for ${ms} ms after a connection that had held for ${HELD_MS / 1_000} s`,
    );
  },
};

/** A proxy, or an edge that is full, answers the handshake. */
export const handshakeRefused: Scenario = {
  name: 'handshake-refused',
  async run(stage) {
    const { service } = stage;
    const peer = await arrive(stage);
    service.refuseHandshake('refuse');
    peer.cut();
    await reconnected(stage, 'C5', 'a handshake that was answered 503', 2 * stage.pace.comeBackMs);
  },
};

const GIVE_UP_WITHIN_MS = 60_000;

/** Nobody answers the handshake. */
export const handshakeHeld: Scenario = {
  name: 'handshake-held',
  isSlow: true,
  async run(stage) {
    const peer = await arrive(stage);
    stage.service.refuseHandshake('hold');
    peer.cut();
    await reconnected(stage, 'C4', 'a handshake that was not answered', GIVE_UP_WITHIN_MS);
  },
};

const ASK_WITHIN_MS = 245_000;
/** Time to give a connection up: ten seconds for the answer, the first pause, and time to spare. */
const DROP_WITHIN_MS = 25_000;

/** The network goes without a word. */
export const silence: Scenario = {
  name: 'silence',
  isSlow: true,
  async run(stage) {
    const { verdicts } = stage;
    const peer = await arrive(stage);
    peer.freeze();
    const at = await peer.heartbeats.next(ASK_WITHIN_MS);
    verdicts.judge('H1', at !== undefined, `sent no HBT in ${ASK_WITHIN_MS / 1_000} s of silence`);
    if (at === undefined) throw new Missed();
    await reconnected(stage, 'H2', 'an HBT that was not answered', DROP_WITHIN_MS);
  },
};
