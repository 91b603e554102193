import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Platform } from '../../gen/onepush/v1/device_pb.js';
import { eventually } from '../support/eventually.js';
import { type RunningProcess, startProcess } from '../support/process.js';
import { basic, type PushCoreClient, pushCoreClient } from '../support/rpc.js';
import { aliases } from '../support/rpc-audiences.js';
import { TEST_APP } from '../support/stack.js';
import { freshDatabase, type StoreKind, storeKinds } from '../support/stores.js';
import { certificateFolder } from '../support/tls.js';
import { uniqueName } from '../support/users.js';
import { type BackEnd, startBackEnd } from '../support/webhook-core.js';
import { messages } from '../support/webhook-suite.js';

const { appId, appKey } = TEST_APP;
const app = basic(appId, appKey);
let backEnd: BackEnd;
const cleanups: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  backEnd = await startBackEnd();
  cleanups.push(() => backEnd.server.stop());
});
afterEach(async () => {
  expect(backEnd.forged).toBe(0);
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Core {
  readonly process: RunningProcess;
  readonly client: PushCoreClient;
}

/** Returns what starts cores on one database of their own. */
async function cores(kind: StoreKind): Promise<() => Promise<Core>> {
  const database = await freshDatabase(kind);
  cleanups.push(() => database.drop());
  const folder = await certificateFolder();
  cleanups.push(() => folder.remove());
  const env = {
    ONEPUSH_DATABASE_URL: database.url,
    ONEPUSH_GRPC_LISTEN: '127.0.0.1:0',
    ONEPUSH_CONNECT_LISTEN: '127.0.0.1:0',
    ONEPUSH_BOOTSTRAP_APP: `${appId}:${appKey}`,
    ONEPUSH_SECRET_KEY: randomBytes(32).toString('base64'),
    ONEPUSH_WEBHOOK_HOSTS: 'localhost',
    NODE_EXTRA_CA_CERTS: await folder.write('ca.pem', backEnd.server.ca),
  };
  return async () => {
    const started = await startProcess('core', env);
    cleanups.push(() => started.kill());
    const { grpc = '', connect } = started.ready;
    return { process: started, client: pushCoreClient({ grpcAddr: grpc, connectUrl: `http://${connect}` }, 'connect') };
  };
}

/** A webhook that is told one event at a time, and so many events that it was not told yet: their messages, in order. */
async function withBacklog({ client }: Core, count: number) {
  const { webhook, secret } = await client.createWebhook({ appId, url: backEnd.url, maxEvents: 1 }, app);
  const id = webhook?.id ?? '';
  backEnd.secrets.push(secret);
  await client.updateWebhook({ appId, id, enabled: false }, app);
  const alias = uniqueName();
  await client.registerDevice({ appId, alias, platform: Platform.WEB, nativeToken: uniqueName() });
  const ids: string[] = [];
  for (let made = 0; made < count; made++) {
    const { requestId } = await client.sendPush({ audience: aliases(alias), alert: 'x' }, app);
    await client.recallPush({ requestId }, app);
    ids.push(requestId);
  }
  return { ids, start: () => client.updateWebhook({ appId, id, enabled: true }, app) };
}

/** All were told, each at least once under one id, and in their order but for repeats. */
function expectAllTold(ids: readonly string[]): void {
  expect([...new Set(messages(backEnd))]).toEqual(ids);
  expect(new Set(backEnd.told.map(({ id }) => id)).size).toBe(ids.length);
}

const allTold = (ids: readonly string[]) =>
  eventually(() => ids.every((id) => messages(backEnd).includes(id)), { timeoutMs: 60_000, message: 'all to be told' });

describe.each(storeKinds())('a core that is killed: %s', (kind) => {
  it('tells again what a back end has taken and it could not keep, and loses nothing', async () => {
    const start = await cores(kind);
    let core = await start();
    const { ids, start: tell } = await withBacklog(core, 30);
    // In the moment of the answer, three times.
    const shots = [ids[3], ids[4], ids[17]];
    backEnd.judge = ([event]) => {
      if (event?.messageId === shots[0]) {
        shots.shift();
        core.process.child.kill('SIGKILL');
      }
      return undefined;
    };
    await tell();
    for (let left = shots.length - 1; left >= 0; left--) {
      await eventually(() => shots.length === left, { timeoutMs: 60_000, message: 'the next kill' });
      await core.process.kill();
      core = await start();
    }
    await allTold(ids);
    expectAllTold(ids);
    for (const index of [3, 4, 17]) {
      expect(messages(backEnd).filter((id) => id === ids[index]).length, `event ${index}`).toBeGreaterThan(1);
    }
    const { webhooks } = await core.client.listWebhooks({ appId }, app);
    expect(webhooks).toMatchObject([{ deadLetters: 0, missed: 0n }]);
  }, 180_000);
});

describe.runIf(storeKinds().includes('mysql'))('two cores on one database', () => {
  it('send what there is once: a second one sends nothing, and takes over when the first is killed', async () => {
    const start = await cores('mysql');
    const first = await start();
    const { ids, start: tell } = await withBacklog(first, 40);
    backEnd.judge = (events) => (events.some(({ messageId }) => messageId === ids[10]) ? { status: 503 } : undefined);
    await tell();
    await eventually(() => backEnd.told.length === 10);
    // It waits for the lease, which is renewed.
    const second = String(await start().catch((error: unknown) => error));
    expect(second).toContain('core ended: code 1');
    expect(messages(backEnd)).toEqual(ids.slice(0, 10));
    expect(first.process.child.exitCode).toBeNull();
    backEnd.judge = ([event]) => {
      if (event?.messageId === ids[20]) first.process.child.kill('SIGKILL');
      return undefined;
    };
    await eventually(() => first.process.child.signalCode === 'SIGKILL', { timeoutMs: 60_000 });
    backEnd.judge = () => undefined;
    await start();
    await allTold(ids);
    expectAllTold(ids);
  }, 180_000);

  it('are never two that send: one that stood still past its lease sends nothing more', async () => {
    const start = await cores('mysql');
    const first = await start();
    const { ids, start: tell } = await withBacklog(first, 40);
    backEnd.judge = ([event]) => {
      if (event?.messageId === ids[10]) first.process.child.kill('SIGSTOP');
      return undefined;
    };
    await tell();
    await eventually(() => messages(backEnd).includes(ids[10] ?? ''));
    backEnd.judge = () => undefined;
    const own = backEnd.server.connections;
    await start();
    await allTold(ids);
    const sent = backEnd.server.requests.length;
    const ended = once(first.process.child, 'close');
    first.process.child.kill('SIGCONT');
    expect(await ended).toEqual([1, null]);
    expect(backEnd.server.requests.slice(sent).filter(({ connection }) => connection <= own)).toEqual([]);
    expectAllTold(ids);
  }, 180_000);
});
