import { endings, goingAway, otherCloses } from './scenarios/closing.js';
import { confirming, cut, frames, memory } from './scenarios/messages.js';
import { backoff, handshakeHeld, handshakeRefused, held, silence } from './scenarios/reconnecting.js';
import { registering, registrationRefused, restart, unknownDevice } from './scenarios/registering.js';
import { startService } from './service.js';
import { createShownLog } from './shown.js';
import { Missed, NeverCame, type Pace, type Scenario, type Stage } from './stage.js';
import { commandSubject, manualSubject } from './subject.js';
import { createVerdicts, type RuleResult } from './verdicts.js';

/** All scenarios, in the order in which they are played. Each begins with a start of the implementation. */
export const SCENARIOS: readonly Scenario[] = [
  registering,
  restart,
  frames,
  confirming,
  cut,
  goingAway,
  otherCloses,
  handshakeRefused,
  unknownDevice,
  registrationRefused,
  ...endings,
  backoff,
  memory,
  silence,
  handshakeHeld,
  held,
];

/** Options of a check. */
export interface CheckOptions {
  readonly listen: { readonly host: string; readonly port: number };
  /** Command that runs the implementation; undefined: a person starts and ends it. */
  readonly command: string | undefined;
  /** Names of the only scenarios to play; undefined: all. */
  readonly only: readonly string[] | undefined;
  /** Leaves out what takes long. */
  readonly isQuick: boolean;
  /** Times other than the usual ones. */
  readonly pace?: Partial<Pace> & { readonly startWithinMs?: number };
  /** Ends it early. */
  readonly signal?: AbortSignal;
  /** Tells a person what to do, or what is done. */
  readonly say: (text: string) => void;
  /** Takes what the implementation writes to its standard error. */
  readonly log: (text: string) => void;
}

const QUICK: Pace = { promptMs: 10_000, quietMs: 2_500, comeBackMs: 36_000, failures: 4 };
const WHOLE: Pace = { promptMs: 10_000, quietMs: 6_000, comeBackMs: 36_000, failures: 6 };
const START_WITHIN_MS = 30_000;

/** Plays the scenarios with an implementation, and returns all rules and how it has kept them. */
export async function checkDevice(options: CheckOptions): Promise<RuleResult[]> {
  const { listen, command, only, isQuick, signal, say, log } = options;
  const { startWithinMs = START_WITHIN_MS, ...pace } = options.pace ?? {};
  const verdicts = createVerdicts();
  const shown = createShownLog();
  const service = await startService(listen, { verdicts, shown });
  const subject =
    command === undefined
      ? manualSubject({ service, ask: say })
      : commandSubject(command, { service, shown, startWithinMs, log });
  const stage: Stage = {
    service,
    subject,
    shown,
    verdicts,
    pace: { ...(isQuick ? QUICK : WHOLE), ...pace },
    message: createMessages(),
  };
  const chosen = SCENARIOS.filter(({ name, isSlow }) => only?.includes(name) ?? !(isQuick && isSlow));
  // A scenario that waits must not keep Ctrl-C waiting.
  const aborted = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  aborted.catch(() => {});
  try {
    say(`Listening at ${service.url}`);
    for (const [index, scenario] of chosen.entries()) {
      say(`${index + 1}/${chosen.length} ${scenario.name}`);
      const hasCome = await Promise.race([play(scenario, stage), aborted]);
      if (!hasCome) break;
    }
  } finally {
    subject.kill();
    await service.close();
  }
  return verdicts.results();
}

/** Plays one scenario. Resolves with false if the implementation has not come at all. */
async function play(scenario: Scenario, stage: Stage): Promise<boolean> {
  try {
    await scenario.run(stage);
  } catch (error) {
    if (error instanceof NeverCame) return false;
    if (!(error instanceof Missed)) throw error;
  } finally {
    await stage.subject.stop();
    stage.service.reset();
  }
  return true;
}

/** Returns what makes messages. Their ids grow, and no earlier check has had them: an implementation may remember. */
function createMessages(): Stage['message'] {
  let next = Date.now() * 4096;
  return (fields = {}) => {
    const id = String(next++);
    const always = {
      id,
      appId: 'check',
      tenantCode: '',
      alert: `message ${id}`,
      pushMsgType: 'MSG',
      needConfirm: false,
    };
    return { id, frame: JSON.stringify({ ...always, ...fields }) };
  };
}
