import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { connectDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';
import { type RunningProcess, startProcess } from '../support/process.js';
import { send } from '../support/rest.js';
import { readRows } from '../support/rows.js';
import { startStack, TEST_APP } from '../support/stack.js';
import { freshDatabase, storeKinds } from '../support/stores.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

const WAITS = 'waiting for its lease';

describe.runIf(storeKinds().includes('mysql'))('a second core on one database', () => {
  const cleanups: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function newDatabase(): Promise<string> {
    const database = await freshDatabase('mysql');
    cleanups.push(() => database.drop());
    return database.url;
  }

  async function startCore(databaseUrl: string, grpc = '127.0.0.1:0'): Promise<RunningProcess> {
    const core = await startProcess('core', {
      ONEPUSH_DATABASE_URL: databaseUrl,
      ONEPUSH_GRPC_LISTEN: grpc,
      ONEPUSH_CONNECT_LISTEN: '127.0.0.1:0',
      ONEPUSH_BOOTSTRAP_APP: `${TEST_APP.appId}:${TEST_APP.appKey}`,
    });
    cleanups.push(() => core.kill());
    return core;
  }

  it('ends and says who has the database, while that one lives', async () => {
    const url = await newDatabase();
    const first = await startCore(url);
    const failure = String(await startCore(url).catch((error: unknown) => error));
    expect(failure).toContain('core ended: code 1');
    expect(failure).toMatch(new RegExp(`the core at \\S*${first.ready.grpc} has this database`));
    expect(first.child.exitCode).toBeNull();
  });

  it('takes over at once from one whose port refuses, and from its own address', async () => {
    const url = await newDatabase();
    const first = await startCore(url);
    await first.kill();
    const elsewhere = await startCore(url);
    await elsewhere.kill();
    const again = await startCore(url, elsewhere.ready.grpc);
    for (const { logs } of [elsewhere, again]) expect(logs().filter((line) => line.includes(WAITS))).toEqual([]);
    const [row] = await readRows(url, 'SELECT epoch FROM cores');
    expect(Number(row?.epoch)).toBe(3);
  });

  it('takes over from one that stands still, which ends when it goes on', async () => {
    const url = await newDatabase();
    const [one, two] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const stack = await startStack({
      databaseUrl: url,
      coreEnv: { ONEPUSH_GRPC_LISTEN: one },
      edgeEnv: { ONEPUSH_CORE_ADDRS: `${one},${two}` },
    });
    cleanups.push(() => stack.stop().catch(() => {}));
    const alias = uniqueName();
    const device = connectDevice(stack.wsUrl, await newDevice(stack.httpUrl, alias));
    await device.opened;
    const accepted: string[] = [];
    const sendAll = async (count: number, audiences: string[] | 'ALL'): Promise<void> => {
      const body = { ...TEST_APP, audiences, alert: 'x' };
      const answers = await Promise.all(Array.from({ length: count }, () => send(stack.httpUrl, body)));
      for (const answer of answers) if (answer.status === 200) accepted.push(answer.body.requestId);
    };
    await sendAll(20, [alias]);
    // What is under way when it stops is committed by it, or never.
    const underWay = sendAll(50, [alias]);
    stack.core.child.kill('SIGSTOP');

    const second = await startCore(url, two);
    await underWay;
    await eventually(async () => (await fetch(`${stack.httpUrl}/readyz`)).status === 200, { timeoutMs: 30_000 });
    await second.waitForLog('edge attached', 30_000);
    await sendAll(20, [alias]);
    await sendAll(5, 'ALL');

    const ended = once(stack.core.child, 'close');
    stack.core.child.kill('SIGCONT');
    expect(await ended).toEqual([1, null]);
    expect(stack.core.logs().join('\n')).toContain('another core has taken the database over');

    const last = await sendPush(stack.httpUrl, { audiences: [alias] });
    await device.waitForMessage((message) => message.id === last);
    accepted.push(last);
    const received = device.messages.map(({ id }) => id);
    expect(accepted.filter((id) => !received.includes(id))).toEqual([]);
    expect(new Set(accepted).size).toBe(accepted.length);
    expect(received).toEqual([...new Set(received)].toSorted((a, b) => Number(a) - Number(b)));
    const rows = await readRows(url, 'SELECT id FROM pushes');
    const kept = new Set(rows.map(({ id }) => String(id)));
    expect(accepted.filter((id) => !kept.has(id))).toEqual([]);
    await device.close();
  });
});
