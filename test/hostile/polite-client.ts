import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connectDevice, type TestDevice } from '../support/device.js';
import { type Stack, TEST_APP } from '../support/stack.js';
import { newDevice, uniqueName } from '../support/users.js';

/**
 * A back end and a device that behave: a push goes every 50 ms, whatever became of those before, and comes to the
 * device.
 */
export interface PoliteClient {
  /** Returns the longest time so far, in milliseconds, and counts none of it later on. */
  forget(): number;
  /** Stops, and says how it went: milliseconds from each push's time to its message. */
  stop(): Promise<{ pushes: number; p50: number; p99: number; failures: string[] }>;
}

const EVERY_MS = 50;
/** Kept open from before the attack: where all places are taken, new ones are refused. */
const CONNECTIONS = 4;
/** A message that has not come after so long counts with that. */
const GIVE_UP_MS = 10_000;

export async function startPoliteClient(stack: Stack): Promise<PoliteClient> {
  const alias = uniqueName();
  const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, alias));
  await device.opened;
  // In turn, so that none of them is idle for long: the edge closes those.
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, scheduling: 'fifo' });
  await Promise.all(Array.from({ length: CONNECTIONS }, () => deliver(stack.httpUrl, agent, device, alias)));
  const latencies: number[] = [];
  const failures: string[] = [];
  const open = new Set<Promise<void>>();

  async function push(): Promise<void> {
    const begun = performance.now();
    try {
      await deliver(stack.httpUrl, agent, device, alias);
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
    latencies.push(performance.now() - begun);
  }

  const timer = setInterval(() => {
    const done = push();
    open.add(done);
    void done.then(() => open.delete(done));
  }, EVERY_MS);

  return {
    forget: () => Math.max(0, ...latencies.splice(0)),
    async stop() {
      clearInterval(timer);
      await Promise.all(open);
      agent.destroy();
      await device.close();
      const sorted = latencies.toSorted((a, b) => a - b);
      const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
      return { pushes: sorted.length, p50: at(0.5), p99: at(0.99), failures };
    },
  };
}

async function deliver(httpUrl: string, agent: Agent, device: TestDevice, alias: string): Promise<void> {
  const call = request(`${httpUrl}/msgpush/send`, {
    method: 'POST',
    agent,
    headers: { 'content-type': 'application/json' },
    timeout: GIVE_UP_MS,
  });
  call.on('timeout', () => call.destroy(new Error('a send was not answered')));
  call.end(JSON.stringify({ ...TEST_APP, audiences: [alias], alert: 'polite' }));
  // 'response' comes with one message.
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  const text = String(Buffer.concat(await response.toArray()));
  if (response.statusCode !== 200) throw new Error(`a send was answered ${response.statusCode}`);
  const requestId = /"requestId":"(\d+)"/.exec(text)?.[1];
  await device.waitForMessage(({ id }) => id === requestId, GIVE_UP_MS);
}
