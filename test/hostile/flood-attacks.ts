import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { TEST_APP } from '../support/stack.js';
import type { Attack, Target } from './attack.js';
import { dialWebSocket, ended } from './sockets.js';

/** Registrations or connections of a flood for each second that it is meant to last; it lasts as long as they take. */
const PER_SECOND = 10_000;
/** That many are under way at a time. */
const AT_A_TIME = 64;
/** A stranger's connection that is not closed after so long is dropped. */
const GIVE_UP_MS = 10_000;

/** Does work so many times, some at a time. Resolves with how often each answer came. */
async function times(count: number, work: (n: number) => Promise<string>): Promise<Map<string, number>> {
  const answers = new Map<string, number>();
  let next = 0;
  const loop = async (): Promise<void> => {
    for (let n = next++; n < count; n = next++) {
      const answer = await work(n).catch(() => 'no answer');
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, loop));
  return answers;
}

function describeAnswers(answers: Map<string, number>): string {
  return [...answers].map(([answer, count]) => `${count} × ${answer}`).join(', ');
}

async function register({ host, port }: Target['http'], agent: Agent, n: number, from: string): Promise<string> {
  const headers = { 'content-type': 'application/json', ...(from !== '' && { 'x-forwarded-for': from }) };
  const call = request({ host, port, agent, method: 'POST', path: '/msgpush/register', headers, timeout: GIVE_UP_MS });
  call.on('timeout', () => call.destroy(new Error('a registration was not answered')));
  const nativeToken = randomBytes(16).toString('hex');
  call.end(
    JSON.stringify({
      appId: TEST_APP.appId,
      alias: `stranger-${n}`,
      platform: 'WEB',
      nativeToken,
      tag: [`t-${n % 1000}`],
    }),
  );
  // 'response' comes with one message.
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return String(response.statusCode);
}

/** @param from addresses of the strangers, as a trusted proxy names them; none: the machine's own, which has no limit */
function registrations(name: string, edgeEnv: Record<string, string>, from: readonly string[]): Attack {
  return {
    name,
    short: true,
    edgeEnv,
    async strike({ http }, seconds) {
      const agent = new Agent({ keepAlive: true, maxSockets: AT_A_TIME });
      const answers = await times(seconds * PER_SECOND, (n) => register(http, agent, n, addressOf(from, n)));
      agent.destroy();
      return `registrations: ${describeAnswers(answers)}`;
    },
  };
}

/** @param from as above */
function unknownIds(name: string, edgeEnv: Record<string, string>, from: readonly string[]): Attack {
  return {
    name,
    short: true,
    edgeEnv,
    async strike({ http }, seconds) {
      const answers = await times(seconds * PER_SECOND, async (n) => {
        const socket = await dialWebSocket(http, randomBytes(16).toString('hex'), addressOf(from, n));
        if (socket === undefined) return 'not taken';
        let status = '';
        socket.once('data', (data) => {
          status = /^HTTP\/1\.1 (\d+)/.exec(String(data))?.[1] ?? '';
          // Whoever is refused is answered, and may ask again.
          if (status !== '101') socket.destroy();
        });
        await ended(socket, GIVE_UP_MS);
        const answer = socket.destroyed ? `${status}, closed` : 'left open';
        socket.destroy();
        return answer;
      });
      return `connections: ${describeAnswers(answers)}`;
    },
  };
}

/** The address of the nth stranger; '': none is named. */
function addressOf(from: readonly string[], n: number): string {
  return from[n % from.length] ?? '';
}

const PROXIED = { ONEPUSH_TRUSTED_PROXIES: '127.0.0.0/8' };

const FEW = Array.from({ length: 8 }, (_, n) => `198.51.100.${n}`);

/** Floods that a well-behaved caller must hardly notice. */
export const FLOODS: readonly Attack[] = [
  registrations('a flood of registrations of a few addresses', PROXIED, FEW),
  unknownIds('a flood of connections of a few addresses with ids that nobody has', PROXIED, FEW),
  // Nobody limits these: as if each came from an address of its own.
  registrations('a flood of registrations without limits', {}, []),
  unknownIds('a flood of connections with ids that nobody has, without limits', {}, []),
];
