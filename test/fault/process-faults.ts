import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { BOTH, type Fault } from './fault.js';

const DOWN = 1000;

/** Processes that are killed, stand still, or are told another time. */
export const PROCESS_FAULTS: readonly Fault[] = [
  {
    name: 'kill -9 core',
    stores: BOTH,
    short: ['sqlite'],
    async strike({ stack }) {
      await stack.core.kill();
      await sleep(DOWN);
      await stack.restartCore();
    },
  },
  {
    name: 'kill -9 edge',
    stores: BOTH,
    short: ['sqlite'],
    mayHappen: {
      sendsCut: true,
      socketsCut: true,
      misdeliveries: [
        'repeated after a reconnect',
        'confirmation lost with the socket',
        'acknowledgement lost with the socket',
      ],
    },
    async strike({ stack }) {
      await stack.edge.kill();
      await sleep(DOWN);
      await stack.restartEdge();
    },
  },
  {
    name: 'kill -9 both',
    stores: BOTH,
    short: ['mysql'],
    mayHappen: {
      sendsCut: true,
      socketsCut: true,
      misdeliveries: [
        'repeated after a reconnect',
        'confirmation lost with the socket',
        'acknowledgement lost with the socket',
      ],
    },
    async strike({ stack }) {
      await Promise.all([stack.core.kill(), stack.edge.kill()]);
      await sleep(DOWN);
      await stack.restartCore();
      await stack.restartEdge();
    },
  },
  {
    name: 'SIGSTOP core, 10 s',
    stores: BOTH,
    short: ['sqlite'],
    async strike({ stack }, scale) {
      stack.core.child.kill('SIGSTOP');
      await sleep(10_000 * scale);
      stack.core.child.kill('SIGCONT');
    },
  },
  {
    name: 'clock of the core back by 60 s',
    stores: BOTH,
    short: ['sqlite'],
    steppedClock: true,
    async strike({ stack }) {
      stack.core.child.kill('SIGUSR2');
      await sleep(1500);
      // The next core knows nothing of the step but what the store says.
      await stack.restartCore();
      stack.core.child.kill('SIGUSR2');
      await sleep(500);
    },
  },
  {
    name: 'a second core; then the first frozen, replaced and thawed',
    stores: ['mysql'],
    short: ['mysql'],
    async strike(rig) {
      const first = rig.stack.core;
      const refusal = await rig.replaceCore().then(
        () => undefined,
        (error: unknown) => String(error),
      );
      if (!refusal?.includes('has this database, and is alive'))
        throw new Error(`a second core was not refused: ${refusal}`);
      first.child.kill('SIGSTOP');
      // Waits for the end of the lease.
      await rig.replaceCore();
      await sleep(1000);
      first.child.kill('SIGCONT');
      await first.waitForLog('another core has taken the database over', 20_000);
      await once(first.child, 'close');
      if (first.child.exitCode !== 1) throw new Error(`the replaced core exited with ${first.child.exitCode}`);
    },
  },
];
