import { setImmediate as nextTurn } from 'node:timers/promises';
import { sleep } from '../../common/timers.js';
import type { Waking } from '../../core/delivery/waking/waking.js';
import type { WriteCycle } from '../../core/delivery/writer/write-cycle.js';
import type { App } from '../../core/domain/app.js';
import type { ChannelEnvironment } from '../../core/domain/channel.js';
import type { PushContent, PushHeader } from '../../core/domain/push.js';
import type { WakeOutcome } from '../../core/domain/wake.js';
import { environmentCodes } from '../../core/store/sql/codes.js';
import { laneOf } from '../../core/store/sql/lanes.js';
import { openSqliteStore } from '../../core/store/sqlite/open.js';
import type { Store } from '../../core/store/store.js';
import { eventually } from './eventually.js';
import { createMortalStores } from './mortal-stores.js';
import { owned } from './owned.js';
import { changeRows, readRows } from './rows.js';
import { freshDatabase } from './stores.js';
import { beginCore, type GivenWaking, type SentWake, type World } from './waking-core.js';

/** The store, the writer and the wakes of a core, over a vendor and sessions that the test plays. */
export interface WakingRig {
  readonly app: App;
  readonly store: Store;
  readonly cycle: WriteCycle;
  readonly waking: Waking;
  /** All that the vendors were handed, over all restarts. */
  readonly sent: SentWake[];
  /** See `World`. */
  readonly world: World;
  /** Devices that have a session, with its beginning. */
  readonly online: World['online'];
  /** Answers for the next wakes, in order; then all are accepted. A promise that never ends: no answer. */
  readonly answers: (WakeOutcome | Promise<WakeOutcome>)[];
  /** Decides about answers when none of `answers` is left. */
  answering(answer: (sent: SentWake) => WakeOutcome | Promise<WakeOutcome>): void;
  /** Registers a device with a token. */
  device(given?: {
    alias?: string;
    mobile?: string;
    tags?: string[];
    environment?: ChannelEnvironment;
  }): Promise<number>;
  /** Registers many devices with tokens at once. */
  devices(count: number): Promise<number[]>;
  /** Pushes to devices. */
  push(deviceNums: readonly number[], given?: Partial<PushHeader>, content?: Partial<PushContent>): Promise<number>;
  /** Pushes to everyone. */
  broadcast(given?: Partial<PushHeader>, content?: Partial<PushContent>): Promise<number>;
  /** A device has received what it was pushed. */
  receive(deviceNum: number): Promise<void>;
  /** The session of a device ends. */
  end(deviceNum: number, how?: Parameters<Waking['sessionEnded']>[1]): void;
  /** The rows of a push's wakes. */
  wakesOf(
    pushId: number,
  ): Promise<{ deviceNum: number; state: number; attempt: number; doubts: number; reason: unknown }[]>;
  /** Resolves when so many wakes were sent. */
  sentCount(count: number): Promise<SentWake[]>;
  /**
   * Resolves when whatever was due by now has been decided: a push to another device was made after it, and its wake was
   * sent. Answers what was sent besides.
   */
  settled(): Promise<SentWake[]>;
  /**
   * The core dies at the n-th call of its store from now on, before it or after it: the rest never ends. Returns whether
   * it has died.
   */
  dieAt(call: number, when: 'before' | 'after'): () => boolean;
  /** Begins anew with what is in the store, as after a crash: what is under way never ends. */
  crash(): Promise<void>;
  /** Rows of the database. */
  rows(sql: string, values: readonly (string | number)[]): Promise<Record<string, unknown>[]>;
  /** Changes rows. */
  change(sql: string, values: readonly (string | number)[]): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a rig on a database of its own. */
export async function startWakingRig(given: GivenWaking = {}): Promise<WakingRig> {
  const database = await freshDatabase('sqlite');
  const path = database.url.slice('sqlite:'.length);
  const sent: SentWake[] = [];
  const online = new Map<number, number>();
  const answers: WakingRig['answers'] = [];
  let answer = (_: SentWake): WakeOutcome | Promise<WakeOutcome> => ({ kind: 'accepted' });
  let last = 0;
  let barrier = 0;
  const stores = createMortalStores();
  const world: World = {
    hasCredential: true,
    room: 1000,
    rooms: new Map(),
    smsChannel: 'SMS_WEBHOOK',
    clockAheadMs: 0,
    online,
  };
  let parts = await begin();
  const [app] = await prepare();
  barrier = await device({ alias: 'barrier' });

  async function prepare(): Promise<App[]> {
    await parts.store.commitApps([{ id: 'app', name: 'app', keyHash: 'hash', now: Date.now() }]);
    const apps = await parts.store.findApps(['app']);
    await changeRows(
      database.url,
      `INSERT INTO channels (app_num, name, channel, settings, key_id, created_at, updated_at)
       VALUES (?, 'apns', 1, '{}', '', 0, 0)`,
      [apps[0]?.num ?? 0],
    );
    return apps;
  }

  async function begin() {
    const opened = await owned(await openSqliteStore(path));
    const { store, isAlive } = stores.next(opened);
    function send(wake: SentWake): Promise<WakeOutcome> {
      // What a core of before does is not seen any more.
      if (!isAlive()) return new Promise(() => {});
      sent.push(wake);
      if (wake.target.token === `token-${barrier}`) return Promise.resolve({ kind: 'accepted' });
      return Promise.resolve(answers.shift() ?? answer(wake));
    }
    return { store: opened, ...(await beginCore(store, world, send, given)) };
  }

  async function device({
    alias = `alias-${++last}`,
    mobile,
    tags = [],
    environment = 'PRODUCTION',
  }: Parameters<WakingRig['device']>[0] & object): Promise<number> {
    const number = ++last;
    const registered = await parts.cycle.execute(parts.cycle.commands.register, {
      appId: 'app',
      appNum: app?.num ?? 0,
      alias,
      platform: 'IOS',
      nativeToken: `native-${number}`,
      mobile: mobile ?? null,
      tags,
    });
    if (typeof registered === 'string') throw new Error(registered);
    const { num } = registered.device;
    const appNum = app?.num ?? 0;
    await changeRows(
      database.url,
      `INSERT INTO device_tokens (device_num, app_num, channel, environment, token, token_hash, lane, registered_at)
       VALUES (?, ?, 1, ?, ?, ?, ?, ?)`,
      [
        num,
        appNum,
        environmentCodes.toCode(environment),
        `token-${num}`,
        `hash-${num}`,
        laneOf(appNum, { channel: 'APNS', environment }),
        Date.now(),
      ],
    );
    return num;
  }

  async function push(
    target: { kind: 'directed'; deviceNums: readonly number[] } | { kind: 'topics'; topicNums: number[] },
    header: Partial<PushHeader> = {},
    content: Partial<PushContent> = {},
  ): Promise<number> {
    const resolution = { target, current: () => resolution };
    const id = await parts.cycle.push({
      header: {
        appId: 'app',
        appNum: app?.num ?? 0,
        tenantCode: '',
        platform: 'ALL',
        msgType: 'MSG',
        needConfirm: false,
        ...header,
      },
      content: { alert: 'hello', ...content },
      lifetime: 600_000,
      resolution,
    });
    if (id === undefined) throw new Error('the push was sent back');
    return id;
  }

  /** In a turn of its own: a transaction of the core ends within one, and nobody else can write before. */
  async function change(sql: string, values: readonly (string | number)[]): Promise<void> {
    await nextTurn();
    await changeRows(database.url, sql, values);
  }

  function sentCount(count: number): Promise<SentWake[]> {
    return eventually(() => sent.length >= count && sent, { message: `${count} wakes to be sent` });
  }

  return {
    get app() {
      if (app === undefined) throw new Error('there is no app');
      return app;
    },
    get store() {
      return parts.store;
    },
    get cycle() {
      return parts.cycle;
    },
    get waking() {
      return parts.waking;
    },
    sent,
    world,
    online,
    answers,
    answering(given) {
      answer = given;
    },
    device: (each = {}) => device(each),
    async devices(count) {
      const registrations = Array.from({ length: count }, () => {
        const number = ++last;
        return {
          appId: 'app',
          appNum: app?.num ?? 0,
          alias: `alias-${number}`,
          platform: 'IOS' as const,
          nativeToken: `native-${number}`,
          mobile: null,
          tags: [],
          push: { channel: 'APNS' as const, token: `many-${number}` },
        };
      });
      const { execute, commands } = parts.cycle;
      const nums: number[] = [];
      for (let start = 0; start < count; start += 500) {
        const part = registrations.slice(start, start + 500);
        for (const result of await Promise.all(part.map((each) => execute(commands.register, each)))) {
          if (typeof result !== 'string') nums.push(result.device.num);
        }
      }
      return nums;
    },
    push: (deviceNums, header, content) => push({ kind: 'directed', deviceNums }, header, content),
    async broadcast(header, content) {
      const [topic] = await parts.store.findTopics([{ appNum: app?.num ?? 0, tag: '' }]);
      return push({ kind: 'topics', topicNums: [topic?.num ?? 0] }, header, content);
    },
    async receive(deviceNum) {
      const rows = await parts.store.readInbox([{ deviceNum, after: 0 }], Number.MAX_SAFE_INTEGER, 0, 1000);
      parts.cycle.delivered(rows.map(({ id }) => id));
      await parts.cycle.flush();
    },
    end(deviceNum, how = 'closed') {
      online.delete(deviceNum);
      parts.waking.sessionEnded({ num: deviceNum, appNum: app?.num ?? 0 }, how);
    },
    async wakesOf(pushId) {
      const rows = await readRows(
        database.url,
        'SELECT device_num, state, attempt, doubts, reason FROM wakes WHERE push_id = ? ORDER BY device_num, channel',
        [pushId],
      );
      return rows.map((row) => ({
        deviceNum: Number(row.device_num),
        state: Number(row.state),
        attempt: Number(row.attempt),
        doubts: Number(row.doubts),
        reason: row.reason,
      }));
    },
    sentCount,
    async settled() {
      const id = String(await push({ kind: 'directed', deviceNums: [barrier] }, { wake: 'ALWAYS' }));
      await eventually(() => sent.some(({ message }) => message.id === id), { message: 'the barrier to be sent' });
      return sent.filter(({ target }) => target.token !== `token-${barrier}`);
    },
    dieAt: (call, when) => stores.dieAt(call, when).isDead,
    async crash() {
      const before = parts;
      const death = stores.last();
      // From here on nothing of what it does is seen.
      stores.next(before.store);
      await death.under();
      stores.dieAt(0, 'before');
      // Nothing of it is committed any more once its store is closed.
      await before.store.close();
      parts = await begin();
      before.waking.stop().catch(() => {});
    },
    rows: (sql, values) => readRows(database.url, sql, values),
    change,
    async stop() {
      // What a test has left without an answer never ends.
      await Promise.race([parts.waking.stop(), sleep(2000)]);
      await parts.cycle.idle();
      await parts.store.close();
      await database.drop();
    },
  };
}
