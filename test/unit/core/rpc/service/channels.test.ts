import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { create } from '@bufbuild/protobuf';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OnePushError } from '../../../../../common/errors.js';
import { type Channels, createChannels } from '../../../../../core/channel/channels.js';
import { createCommitEffects } from '../../../../../core/delivery/commit-effects.js';
import { createWriteCycle } from '../../../../../core/delivery/writer/write-cycle.js';
import { createIdClock } from '../../../../../core/domain/id-clock.js';
import { createRegistry } from '../../../../../core/registry/registry.js';
import { createPushCore } from '../../../../../core/rpc/service/push-core.js';
import { openSqliteStore } from '../../../../../core/store/sqlite/open.js';
import {
  ChannelState,
  ListChannelsRequestSchema,
  RemoveChannelRequestSchema,
  SetAppWakingRequestSchema,
  SetChannelRequestSchema,
  TestChannelRequestSchema,
  TestResult,
  Channel as WireChannel,
} from '../../../../../gen/onepush/v1/channel_pb.js';
import { adminCall } from '../../../../support/callers.js';
import { wakeMessage } from '../../../../support/channels/messages.js';
import { scriptedProgram } from '../../../../support/channels/program.js';
import { CHANNEL_KINDS } from '../../../../support/channels/scripted-kinds.js';
import { owned } from '../../../../support/owned.js';
import { type FreshDatabase, freshDatabase } from '../../../../support/stores.js';

const SECRET = 'hunter2';
const KEYS = [randomBytes(32)];
const lines: string[] = [];
const log = pino({ base: null, level: 'trace' }, { write: (line) => void lines.push(line) });

let database: FreshDatabase;
let core: Awaited<ReturnType<typeof startCore>>;
beforeAll(async () => {
  database = await freshDatabase('sqlite');
  core = await startCore(KEYS);
});
afterAll(async () => {
  await core?.stop();
  await database?.drop();
});

/** As much of a core as channels need, over the scripted vendor. */
async function startCore(keys: readonly Uint8Array[]) {
  const store = await owned(await openSqliteStore(database.url.slice('sqlite:'.length)));
  await store.commitApps(['one', 'two', 'many'].map((id) => ({ id, name: id, keyHash: 'hash', now: 1 })));
  const registry = createRegistry(store);
  const channels: Channels = createChannels({ kinds: CHANNEL_KINDS, keys, log, program: scriptedProgram });
  const cycle = createWriteCycle({
    store,
    pushIds: createIdClock(1, 0),
    deliveryIds: createIdClock(1, 0),
    // Nothing else is changed here.
    onCommit: createCommitEffects({ registry, channels: channels.followers, waking: { credentialSet() {} } } as never),
    fenced: () => log.error('fenced'),
    log,
  });
  channels.load(await store.loadChannels(), await store.loadHidingApps());
  const { num: appNum } = await registry.getApp('one');
  // Of the service, channels use these.
  const service = createPushCore({ registry, cycle, channels, log } as never);
  const call = adminCall();
  return {
    channels,
    service,
    call,
    appNum,
    /** Sends through the credential of this name. */
    send(name: string, token = 'any') {
      const { num = 0 } = channels.credentials.find(appNum, name) ?? {};
      return channels.host.send(num, { token }, wakeMessage());
    },
    set: (name: string, settings: unknown = { key: SECRET, bundle: 'com.example' }, more = {}) =>
      service.setChannel(
        create(SetChannelRequestSchema, {
          appId: 'one',
          name,
          channel: WireChannel.WEBHOOK,
          settingsJson: typeof settings === 'string' ? settings : JSON.stringify(settings),
          ...more,
        }),
        call,
      ),
    list: (appId = 'one') => service.listChannels(create(ListChannelsRequestSchema, { appId }), call),
    remove: (name: string, appId = 'one') =>
      service.removeChannel(create(RemoveChannelRequestSchema, { appId, name }), call),
    test: (name: string) => service.testChannel(create(TestChannelRequestSchema, { appId: 'one', name }), call),
    setWaking: (id: string, hidesContent: boolean) =>
      service.setAppWaking(create(SetAppWakingRequestSchema, { id, hidesContent }), call),
    async stop() {
      await channels.host.stop();
      await cycle.idle();
      await store.close();
    },
  };
}

/** The fields that a call is refused for, or its reason. */
async function refusalOf(call: Promise<unknown>): Promise<unknown> {
  const error = await call.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  if (!(error instanceof OnePushError)) throw new Error('it was not refused', { cause: error });
  expect(`${error.message} ${JSON.stringify(error.details)}`).not.toContain(SECRET);
  const fields = error.details.violations?.map(({ field }) => field);
  return fields ?? error.reason;
}

describe('SetChannel', () => {
  it('takes effect at once, and shows no secret', async () => {
    const { credential } = await core.set('hook');
    expect(credential).toMatchObject({
      name: 'hook',
      channel: WireChannel.WEBHOOK,
      settings: { bundle: 'com.example' },
      state: ChannelState.READY,
      reason: '',
    });
    expect(JSON.stringify(await core.list(), (_, value) => (typeof value === 'bigint' ? 0 : value))).not.toContain(
      SECRET,
    );
    expect(await core.send('hook')).toEqual({ kind: 'accepted' });
    expect((await core.list()).credentials[0]?.lastSuccessAt).toBeDefined();
  });

  it('replaces settings while wakes are under way, none of which is lost', async () => {
    await core.set('busy', { key: 'key-0' });
    const kinds = new Set<string>();
    for (let turn = 1; turn <= 5; turn++) {
      const sent = Array.from({ length: 50 }, () => core.send('busy'));
      await core.set('busy', { key: `key-${turn}` });
      for (const { kind } of await Promise.all(sent)) kinds.add(kind);
    }
    expect([...kinds]).toEqual(['accepted']);
    expect(await core.send('busy', 'key')).toMatchObject({ reason: 'key-5' });
  });

  it('called many times at once leaves one credential, with the last settings', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, index) => core.set('at-once', { key: `key-${index}` })));
    const { credentials } = await core.list();
    expect(credentials.filter(({ name }) => name === 'at-once')).toHaveLength(1);
    expect(await core.send('at-once', 'key')).toMatchObject({ reason: 'key-19' });
  });

  it.each([
    ['settings that are no JSON', 'a', `{"key":"${SECRET}`, {}, ['settingsJson']],
    ['settings that are a list', 'a', `["${SECRET}"]`, {}, ['settingsJson']],
    ['settings that are null', 'a', 'null', {}, ['settingsJson']],
    ['no settings', 'a', '', {}, ['settingsJson']],
    ['settings that are too deep', 'a', `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`, {}, ['settingsJson']],
    ['settings that are too long', 'a', { key: 'x'.repeat(66_000) }, {}, ['settingsJson']],
    ['a field that is wrong', 'a', { key: 5, other: SECRET }, {}, ['settingsJson.key']],
    ['a channel that there is not', 'a', {}, { channel: 99 }, ['channel']],
    ['no channel', 'a', {}, { channel: 0 }, ['channel']],
    ['a channel that this release has not', 'a', {}, { channel: WireChannel.OPPO }, ['channel']],
    ['an empty name', '', { key: 'k' }, {}, ['name']],
    ['a name with a blank', 'a b', { key: 'k' }, {}, ['name']],
    ['a name with a line break', 'a\n', { key: 'k' }, {}, ['name']],
    ['a name that is no ASCII', 'ключ', { key: 'k' }, {}, ['name']],
    ['a name of half a character', '\ud800', { key: 'k' }, {}, ['name']],
    ['a name like the one of the environment', '(environment)', { key: 'k' }, {}, ['name']],
    ['a long name', 'a'.repeat(65), { key: 'k' }, {}, ['name']],
    ['an app that there is not', 'a', { key: 'k' }, { appId: 'nobody' }, 'UNKNOWN_APP'],
  ])('refuses %s', async (_, name, settings, more, refusal) => {
    const before = core.channels.credentials.list(core.appNum).length;
    expect(await refusalOf(core.set(name, settings, more))).toEqual(refusal);
    expect(core.channels.credentials.list(core.appNum)).toHaveLength(before);
  });

  it('gives an app no more than 50', async () => {
    for (let index = 0; index < 50; index++) await core.set(`c${index}`, { key: 'k' }, { appId: 'many' });
    expect(await refusalOf(core.set('one-more', { key: 'k' }, { appId: 'many' }))).toEqual(['name']);
    await core.set('c7', { key: 'other' }, { appId: 'many' });
    await core.remove('c8', 'many');
    await core.set('one-more', { key: 'k' }, { appId: 'many' });
  });
});

describe('the methods of channels', () => {
  it('test a credential, and say what the vendor says', async () => {
    await core.set('right', { key: 'right' });
    await core.set('wrong', { key: 'wrong' });
    expect(await core.test('right')).toMatchObject({ result: TestResult.OK, reason: '' });
    expect(await core.test('wrong')).toMatchObject({ result: TestResult.REFUSED, reason: 'wrong_key' });
    const { credentials } = await core.list();
    expect(credentials.find(({ name }) => name === 'wrong')).toMatchObject({
      state: ChannelState.DOWN,
      reason: 'wrong_key',
      lastFailureReason: 'wrong_key',
    });
  });

  it('remove a credential once, and only of its app', async () => {
    await core.set('gone', { key: 'k' });
    expect(await refusalOf(core.remove('gone', 'two'))).toBe('UNKNOWN_CHANNEL');
    const { num } = core.channels.credentials.find(core.appNum, 'gone') ?? { num: 0 };
    await core.remove('gone');
    expect(core.channels.host.room(num)).toBe(0);
    expect(await refusalOf(core.remove('gone'))).toBe('UNKNOWN_CHANNEL');
    expect(await refusalOf(core.test('gone'))).toBe('UNKNOWN_CHANNEL');
  });

  it('say whether an app keeps its content from vendors', async () => {
    for (const hides of [true, true, false, true]) {
      await core.setWaking('two', hides);
      expect((await core.list('two')).hidesContent).toBe(hides);
    }
    expect((await core.list('one')).hidesContent).toBe(false);
    expect(await refusalOf(core.setWaking('nobody', true))).toBe('UNKNOWN_APP');
  });
});

describe('credentials after a restart', () => {
  it('are as they were; without their key they are locked, and none can be set', async () => {
    await core.set('kept', { key: 'key-of-kept' });
    await core.setWaking('two', true);
    const rowsOf = async () => (await core.list()).credentials.map(({ name }) => name);
    const names = await rowsOf();
    await core.stop();
    core = await startCore(KEYS);
    expect(await rowsOf()).toEqual(names);
    expect((await core.list('two')).hidesContent).toBe(true);
    expect(await core.send('kept', 'key')).toMatchObject({
      reason: 'key-of-kept',
    });

    await core.stop();
    core = await startCore([]);
    const { credentials } = await core.list();
    expect(new Set(credentials.map(({ state }) => state))).toEqual(new Set([ChannelState.LOCKED]));
    expect(await core.test('kept')).toMatchObject({ result: TestResult.REFUSED, reason: 'wrong_key' });
    expect(await refusalOf(core.set('kept'))).toBe('NO_SECRET_KEY');
    await core.remove('kept');

    await core.stop();
    core = await startCore([randomBytes(32)]);
    await core.set('hook', { key: 'set again under another key' });
    const states = new Map((await core.list()).credentials.map(({ name, state }) => [name, state]));
    expect(states.get('hook')).toBe(ChannelState.READY);
    expect(states.get('busy')).toBe(ChannelState.LOCKED);
  });

  it('have left no secret in the database or the log', async () => {
    const path = database.url.slice('sqlite:'.length);
    const files = await Promise.all([path, `${path}-wal`].map((file) => readFile(file).catch(() => Buffer.alloc(0))));
    expect(files[0]?.includes('SQLite format')).toBe(true);
    for (const secret of [SECRET, 'key-of-kept']) {
      expect(Buffer.concat(files).includes(secret)).toBe(false);
      expect(lines.join('\n')).not.toContain(secret);
    }
  });
});
