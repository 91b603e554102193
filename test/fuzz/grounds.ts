import { createInterface } from 'node:readline';
import { connectDevice, type TestDevice } from '../support/device.js';
import type { RunningProcess } from '../support/process.js';
import { createApp, registerDevice, send } from '../support/rest.js';
import { ADMIN_TOKEN, type Stack, startStack } from '../support/stack.js';
import { secretsOf } from './judge.js';
import { COLLECTS_WHEN_TOLD } from './memory.js';
import type { Credentials, Target } from './target.js';

/** A core and an edge that are attacked, with somebody beside who must not notice. */
export interface Grounds {
  stack: Stack;
  target: Target;
  /** What must not have been by now, in words: processes, their logs, and what the bystander got. */
  problems(): Promise<string[]>;
  stop(): Promise<void>;
}

const LINK_TOKEN = 'fuzz-link-token-0123456789';
const DEVICES = 40;
/** The one line of level error that a peer can cause: who has the link's token and says what no edge says. */
const ALLOWED_ERRORS = new Set(['a broken link message']);
const MAX_PROBLEMS = 20;

export async function prepareGrounds(databaseUrl: string): Promise<Grounds> {
  const env = { ONEPUSH_LINK_TOKEN: LINK_TOKEN, ...COLLECTS_WHEN_TOLD };
  const stack = await startStack({ databaseUrl, coreEnv: env, edgeEnv: env });
  const pids = [stack.core.child.pid, stack.edge.child.pid];
  const app = await newApp(stack, 'fuzz');
  const spare = await newApp(stack, 'spare');
  const aside = await newApp(stack, 'aside');
  const deviceIds: string[] = [];
  for (let n = 0; n < DEVICES; n++) deviceIds.push(await newDevice(stack, app, `fuzz-user-${n}`));
  const push = { appId: app.id, appKey: app.key, audiences: ['fuzz-user-0'], alert: 'x' };
  const { requestId } = (await send(stack.httpUrl, push)).body;
  const target: Target = {
    httpUrl: stack.httpUrl,
    connectUrl: stack.connectUrl,
    grpcAddr: stack.grpcAddr,
    app,
    spare,
    adminToken: ADMIN_TOKEN,
    linkToken: LINK_TOKEN,
    deviceIds,
    requestId,
  };
  const bystander = connectDevice(stack.wsUrl, await newDevice(stack, aside, 'fuzz-user-0', ['fuzz-tag-0']));
  await bystander.opened;

  const lines: string[] = [];
  const secrets = [...secretsOf(target), aside.key];
  for (const name of ['core', 'edge'] as const) {
    watchLines(stack[name], (line) => {
      const problem = problemOfLine(line, secrets);
      if (problem !== undefined && lines.length < MAX_PROBLEMS) lines.push(`the ${name} logged ${problem}`);
    });
  }

  return {
    stack,
    target,
    async problems() {
      const found = [...lines];
      for (const [index, name] of (['core', 'edge'] as const).entries()) {
        const { child } = stack[name];
        if (child.pid !== pids[index] || child.exitCode !== null || child.signalCode !== null)
          found.push(`the ${name} died`);
      }
      return [...found, ...(await problemsOfBystander(bystander))];
    },
    async stop() {
      bystander.terminate();
      await stack.stop();
    },
  };
}

async function newApp({ httpUrl, adminToken }: Stack, name: string): Promise<Credentials> {
  const { status, body } = await createApp(httpUrl, adminToken, name);
  if (status !== 200) throw new Error(`an app was answered ${status}`);
  return { id: body.id, key: body.appKey };
}

async function newDevice({ httpUrl }: Stack, { id }: Credentials, alias: string, tag: string[] = []): Promise<string> {
  const registration = { alias, appId: id, platform: 'IOS' as const, nativeToken: `token-${alias}`, tag };
  const { status, body } = await registerDevice(httpUrl, registration);
  if (status !== 200) throw new Error(`register was answered ${status}`);
  return body.id;
}

/** Nothing is for it, and its socket has to be open and answer. */
async function problemsOfBystander(device: TestDevice): Promise<string[]> {
  const answers = device.frames.length;
  try {
    device.send('HBT');
    await device.waitForFrame((frame) => frame === 'ACK1' && device.frames.length > answers);
  } catch {
    return ["a bystander's socket no longer answers"];
  }
  return device.messages.length === 0 ? [] : ['a bystander of another app got messages'];
}

function watchLines({ child }: RunningProcess, take: (line: string) => void): void {
  for (const input of [child.stdout, child.stderr]) {
    if (input !== null) createInterface({ input }).on('line', take);
  }
}

function problemOfLine(line: string, secrets: readonly string[]): string | undefined {
  if (secrets.some((secret) => line.includes(secret))) return 'what it was sent';
  try {
    const { level, msg } = JSON.parse(line) as { level?: unknown; msg?: unknown };
    if (typeof level === 'number' && level < 50) return undefined;
    return ALLOWED_ERRORS.has(String(msg)) ? undefined : line;
  } catch {
    return `what is no JSON: ${line}`;
  }
}
