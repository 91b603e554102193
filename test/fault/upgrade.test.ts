import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'libsql';
import { createConnection } from 'mysql2/promise';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { onepush } from '../support/command.js';
import { connectDevice, type TestDevice } from '../support/device.js';
import { ROOT } from '../support/dist.js';
import { eventually } from '../support/eventually.js';
import { send } from '../support/rest.js';
import { readRows } from '../support/rows.js';
import { basic, pushCoreClient } from '../support/rpc.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { type FreshDatabase, freshDatabase, storeKinds } from '../support/stores.js';
import { sendPush } from '../support/users.js';
import { verify } from '../support/verify.js';

describe.each(storeKinds())('a database of release 0.1.0 on %s', (kind) => {
  let database: FreshDatabase;
  let stack: Stack | undefined;
  beforeEach(async () => {
    database = await freshDatabase(kind);
    await fill(database.url, await readFile(join(ROOT, `test/support/fixtures/release-0.1.0.${kind}.sql`), 'utf8'));
  });
  afterEach(async () => {
    await stack?.stop();
    stack = undefined;
    await database.drop();
  });

  it('was made by migrations that are as they were', async () => {
    const folder = join(ROOT, 'core/store/migrations', kind);
    const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted();
    const made = await readRows(database.url, 'SELECT hash FROM __drizzle_migrations ORDER BY created_at');
    const texts = await Promise.all(names.slice(0, made.length).map((name) => readFile(join(folder, name))));
    expect(texts.map((text) => createHash('sha256').update(text).digest('hex'))).toEqual(made.map(({ hash }) => hash));
  });

  it('is taken over: what waited is delivered, what ended is known, retries are known again', async () => {
    stack = await startStack({ databaseUrl: database.url });
    const { connectUrl, grpcAddr } = stack;
    const rpc = pushCoreClient({ connectUrl, grpcAddr }, 'grpc');
    const caller = basic(TEST_APP.appId, TEST_APP.appKey);
    const countsOf = async (where: string) => {
      const [push] = await readRows(database.url, `SELECT id FROM pushes WHERE ${where}`);
      return (await rpc.getPush({ requestId: String(push?.id) }, caller)).reach.value;
    };
    const counts = (where: string, expected: object) =>
      eventually(async () => {
        expect(await countsOf(where)).toMatchObject(expected);
        return true;
      });
    const CONFIRMED = `content LIKE '%confirmed by the phone%'`;
    const DELIVERED = `content LIKE '%delivered to the phone%'`;
    expect(await countsOf(CONFIRMED)).toMatchObject({ targeted: 2, confirmed: 1, pending: 1 });

    const [phone, tablet, pc] = await Promise.all(
      ['alice-phone', 'alice-tablet', 'bob-pc'].map((token) => connect(stack?.wsUrl ?? '', database.url, token)),
    );
    expect(await alertsOf(phone, 3)).toEqual(['waits for both', 'to a tag', 'to everyone']);
    expect(await alertsOf(tablet, 4)).toEqual([
      'confirmed by the phone',
      'delivered to the phone',
      'waits for both',
      'to everyone',
    ]);
    expect(await alertsOf(pc, 3)).toEqual(['a command', 'to a tag', 'to everyone']);
    expect(tablet?.messages[2]).toMatchObject({ sound: 'bell', badge: 3, needConfirm: true });
    expect(pc?.messages[0]).toMatchObject({ pushMsgType: 'CMD', tenantCode: 'north' });

    await counts(CONFIRMED, { confirmed: 2, pending: 0 });
    await counts(DELIVERED, { delivered: 2, pending: 0 });
    expect(await countsOf('recalled_at IS NOT NULL')).toMatchObject({ targeted: 1, recalled: 1 });
    expect(await countsOf(`content LIKE '%discarded%'`)).toMatchObject({ targeted: 1, discarded: 1 });
    const [job] = await readRows(database.url, 'SELECT id FROM jobs');
    expect(await rpc.getPush({ requestId: String(job?.id) }, caller)).toMatchObject({ content: { alert: 'a job' } });

    const order = {
      audiences: ['bob'],
      alert: 'a command',
      pushMsgType: 'CMD',
      tenantCode: 'north',
      duration: 259_200,
    };
    const again = await send(stack.httpUrl, { ...TEST_APP, ...order }, { 'idempotency-key': 'order-1' });
    expect(again.body.requestId).toBe(pc?.messages[0]?.id);
    const later = await sendPush(stack.httpUrl, { audiences: ['alice'], alert: 'of the new release' });
    await tablet?.waitForMessage(({ id }) => id === later);
    expect(tablet?.messages.at(-1)?.id).toBe(later);

    await Promise.all([phone, tablet, pc].map((device) => device?.close()));
    await stack.stop();
    stack = undefined;
    expect(await verify(database.url)).toMatchObject({ code: 0 });
    const { stdout } = await onepush(['migrate', '--check'], { ONEPUSH_DATABASE_URL: database.url });
    expect(stdout).toContain('is up to date');
  });
});

/** Carries out a dump on an empty database. */
async function fill(url: string, sql: string): Promise<void> {
  if (url.startsWith('sqlite:')) {
    const database = new Database(url.slice('sqlite:'.length));
    database.exec(sql);
    database.close();
    return;
  }
  const connection = await createConnection({ uri: url, multipleStatements: true });
  await connection.query(sql);
  await connection.end();
}

/** Connects the device with this native token; it confirms whatever asks for it. */
async function connect(wsUrl: string, databaseUrl: string, nativeToken: string): Promise<TestDevice> {
  const [row] = await readRows(databaseUrl, 'SELECT id FROM devices WHERE native_token = ?', [nativeToken]);
  const device = connectDevice(wsUrl, String(row?.id));
  await device.opened;
  return device;
}

/** The texts of the first messages of a device, in order, which it confirms. */
async function alertsOf(device: TestDevice | undefined, count: number): Promise<(string | undefined)[]> {
  const messages = (await device?.waitForCount(count)) ?? [];
  for (const { id, needConfirm } of messages) if (needConfirm) device?.send(`CFM:${id}`);
  return messages.map(({ alert }) => alert);
}
