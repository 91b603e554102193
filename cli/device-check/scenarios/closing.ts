import type { Rule } from '../rules.js';
import { arrive, reconnected, type Scenario } from '../stage.js';

const HINT_MS = 2_500;
/** Timers are not exact, in milliseconds. */
const EARLY_MS = 50;
/** Time that a hint may be overdone by, in milliseconds. */
const LATE_MS = 10_000;

/** The server goes away, and says when to come back. */
export const goingAway: Scenario = {
  name: 'going-away',
  async run(stage) {
    const { service, verdicts } = stage;
    for (const code of [1012, 1001]) {
      const peer = code === 1012 ? await arrive(stage) : await reconnected(stage, 'X1', '1012');
      service.attempts.clear();
      const closedAt = peer.close(code, `reconnect after ${HINT_MS} ms`);
      const at = await service.attempts.next(HINT_MS + LATE_MS);
      const pauseMs = Math.round((at ?? Number.POSITIVE_INFINITY) - closedAt);
      const isRight = pauseMs >= HINT_MS - EARLY_MS && pauseMs <= HINT_MS + LATE_MS;
      const said = at === undefined ? 'not at all' : `after ${pauseMs} ms`;
      verdicts.judge('X1', isRight, `came back ${said}, when ${code} asked for ${HINT_MS} ms`);
      if (at === undefined) return;
    }
  },
};

/** Closes after which a device comes back by itself. */
export const otherCloses: Scenario = {
  name: 'other-closes',
  async run(stage) {
    let peer = await arrive(stage);
    for (const code of [1008, 1011]) {
      peer.close(code);
      peer = await reconnected(stage, 'X7', String(code));
    }
  },
};

/** Returns the scenario of a close after which the device does not come back. */
function ending(code: number, rule: Rule): Scenario {
  return {
    name: `closed-${code}`,
    async run(stage) {
      const { service, verdicts, pace } = stage;
      const peer = await arrive(stage);
      service.attempts.clear();
      peer.close(code);
      const attempt = await service.attempts.next(pace.quietMs);
      verdicts.judge(rule, attempt === undefined, `connected again within ${pace.quietMs / 1_000} s after ${code}`);
    },
  };
}

/** The device is unregistered, or belongs to another user: its id is of no use any more. */
const unregistered: Scenario = {
  name: 'closed-4410',
  async run(stage) {
    const { service, subject, verdicts, pace } = stage;
    const peer = await arrive(stage);
    const { deviceId } = peer;
    service.peers.clear();
    // Whoever registers gets another id; the one of before would still be let in.
    service.replaceDevices();
    peer.close(4410);
    const next = await service.peers.next(pace.quietMs);
    verdicts.judge('X5', next?.deviceId !== deviceId, `connected again within ${pace.quietMs / 1_000} s after 4410`);
    if (next !== undefined) return;
    await subject.stop();
    const restarted = await arrive(stage);
    verdicts.judge('X5', restarted.deviceId !== deviceId, 'connected after a restart with the id of before 4410');
  },
};

/** Closes after which the device does not come back, or not soon. */
export const endings: readonly Scenario[] = [
  ending(4409, 'X4'),
  unregistered,
  ending(4400, 'X6'),
  ending(4499, 'X6'),
  ending(4403, 'X3'),
  ending(4429, 'X3'),
];
