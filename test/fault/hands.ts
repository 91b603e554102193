import { setTimeout as sleep } from 'node:timers/promises';
import { Platform } from '../../gen/onepush/v1/device_pb.js';
import { connectDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { basic, pushCoreClient } from '../support/rpc.js';
import { TEST_APP } from '../support/stack.js';
import type { Rig } from './rig.js';

/** How long a change of a device may take to be accepted. */
const CHANGED_WITHIN = 60_000;
/** For so long what must not come is waited for, in milliseconds. */
const SILENCE = 1500;

const GREETING = 'for the user before';
const SECRET = 'a secret';

let travellers = 0;

/**
 * A device of the user `from` changes hands, or unregisters, while `interrupted` does its worst to that. Its socket of
 * before must be closed with 4410 and get nothing of what is pushed afterwards, to its user of before and to the next
 * one.
 *
 * @param interrupted is to call the change, which goes to the core directly and is repeated until it is accepted
 * @throws Error naming what was leaked, or that the socket stayed open
 */
export async function travel(
  { stack }: Rig,
  kind: 'changes hands' | 'unregisters',
  interrupted: (change: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const name = `traveller-${++travellers}`;
  const client = pushCoreClient(stack, 'grpc');
  const app = basic(TEST_APP.appId, TEST_APP.appKey);
  /** As a caller would: what is refused for now is tried again. Twice is fine for all that is done here. */
  const accepted = <T extends object>(call: () => Promise<T>): Promise<T> =>
    eventually(call, { timeoutMs: CHANGED_WITHIN, message: 'a call to be accepted' });
  const register = async (alias: string): Promise<string> => {
    const registration = { appId: TEST_APP.appId, alias, platform: Platform.ANDROID, nativeToken: name };
    return (await accepted(() => client.registerDevice(registration, app))).deviceId;
  };
  const send = (alias: string, alert: string) => {
    const audience = { audience: { case: 'aliases' as const, value: { values: [alias] } } };
    return accepted(() => client.sendPush({ audience, alert }, app));
  };

  const deviceId = await register(`${name} before`);
  const device = connectDevice(stack.wsUrl, deviceId);
  await device.opened;
  await send(`${name} before`, GREETING);
  await device.waitForMessage(({ alert }) => alert === GREETING, CHANGED_WITHIN);
  const change = async (): Promise<void> => {
    if (kind === 'changes hands') await register(`${name} after`);
    else await accepted(() => client.unregisterDevice({ deviceId }, app));
  };
  await interrupted(change);
  if (kind === 'unregisters') await register(`${name} after`);
  for (const alias of [`${name} before`, `${name} after`]) await send(alias, SECRET);
  const { code } = await Promise.race([device.closed, sleep(CHANGED_WITHIN).then(() => ({ code: 0 }))]);
  await sleep(SILENCE);
  // What is pushed to everyone until then is for this device too.
  const leaked = device.messages.filter(({ alert }) => alert === SECRET).length;
  if (leaked > 0) throw new Error(`leaked to another user: ${leaked} messages`);
  if (code !== 4410) throw new Error(`the socket of a device that ${kind} was closed with ${code || 'nothing'}`);
}
