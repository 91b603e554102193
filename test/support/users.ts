import { randomUUID } from 'node:crypto';
import { registerDevice, type SendBody, send } from './rest.js';
import { TEST_APP } from './stack.js';

/** A user id, or any other name, that no other test has. */
export function uniqueName(prefix = 'user'): string {
  return `${prefix}-${randomUUID()}`;
}

/** Registers a device of the test app and resolves with its id. `options` add to what registers it. */
export async function newDevice(
  httpUrl: string,
  alias: string,
  options: { platform?: 'ANDROID' | 'IOS' | 'PC' | 'WEB'; tag?: string[]; nativeToken?: string } = {},
): Promise<string> {
  const { platform = 'ANDROID', nativeToken = randomUUID(), tag } = options;
  const { status, body } = await registerDevice(httpUrl, {
    appId: TEST_APP.appId,
    alias,
    platform,
    nativeToken,
    ...(tag === undefined ? {} : { tag }),
  });
  if (status !== 200) throw new Error(`register was answered ${status}: ${JSON.stringify(body)}`);
  return body.id;
}

/** Sends a push of the test app and resolves with its request id. */
export async function sendPush(
  httpUrl: string,
  push: Omit<SendBody, 'appId' | 'appKey' | 'alert'> & { alert?: string },
): Promise<string> {
  const { status, body } = await send(httpUrl, { ...TEST_APP, alert: 'hello', ...push });
  if (status !== 200) throw new Error(`send was answered ${status}: ${JSON.stringify(body)}`);
  return body.requestId;
}
