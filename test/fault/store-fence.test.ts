import { afterEach, describe, expect, it } from 'vitest';
import { newDeviceId } from '../../common/secrets.js';
import { openMysqlStore } from '../../core/store/mysql/open.js';
import { CommitInDoubt, Fenced, type NewJob, type Store, type WakeChanges } from '../../core/store/store.js';
import { eachStore, must, type OpenStore, openStore, rejectionOf } from '../contract/each-store.js';
import { batch, directed, NOW, newApp, newDevices, nextNumber, nextPushId, registration } from '../contract/samples.js';
import { deadLetter, newWebhook, progressOf } from '../contract/webhook-samples.js';
import { owned } from '../support/owned.js';
import { startProxy, type TcpProxy, through } from '../support/proxy.js';
import { type FreshDatabase, freshDatabase, storeKinds } from '../support/stores.js';

const TABLES = [
  'apps',
  'app_keys',
  'devices',
  'topics',
  'device_tags',
  'pushes',
  'inbox',
  'timeline',
  'receipts',
  'jobs',
  'cursors',
  'idempotency_keys',
  'channels',
  'wakes',
  'wake_walks',
  'quiet_hours',
  'signing_keys',
  'replaced_ids',
  'admin_tokens',
  'audit_log',
  'webhooks',
  'webhook_dead_letters',
];

const NO_CHANGES: WakeChanges = {
  claims: [],
  until: NOW,
  settled: [],
  postponed: [],
  dropped: [],
  refusedTokens: [],
  moved: [],
  now: NOW,
};

/** All that the store keeps, but for whose it is. */
async function contentOf(opened: OpenStore): Promise<string> {
  const tables = await Promise.all(TABLES.map((table) => opened.rows(`SELECT * FROM ${table} ORDER BY 1, 2`)));
  return JSON.stringify(tables);
}

eachStore('the fence of a store', (opened) => {
  it('has one secret for all cores that come, and says whether it is sure of its lease', async () => {
    const { store } = opened;
    const key = store.linkKey();
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(store.holdsLease()).toBe(true);
    await owned(store, 'another');
    expect(store.linkKey()).toBe(key);
  });

  /** One commit of each kind, each of which would change something. */
  async function commitsOf(store: Store): Promise<Record<string, () => Promise<unknown>>> {
    const app = await newApp(store);
    const [device, other] = await newDevices(store, app, 2);
    const { id, num } = must(device).device;
    const waiting = directed(app, [num, num + 1], { expiresAt: NOW });
    await store.commitDeliveries(batch({ pushes: [waiting.made] }));
    const header = { appId: app.id, appNum: app.num, tenantCode: '', platform: 'ALL', msgType: 'MSG' } as const;
    const job: NewJob = {
      id: nextPushId(),
      appNum: app.num,
      dueAt: NOW,
      createdAt: NOW,
      expiresAt: NOW + 1000,
      spec: {
        header: { ...header, needConfirm: false },
        work: { content: { alert: 'later' }, reach: { kind: 'topics', tags: [], platform: 'ALL' } },
      },
    };
    const update = { id: must(other).device.id, appNum: app.num, addTags: ['t'], removeTags: [], alias: undefined };
    const channel = {
      appNum: app.num,
      name: 'c',
      channel: 'WEBHOOK' as const,
      settings: '{}',
      keyId: 'k',
      updatedAt: NOW,
    };
    const key = { appNum: app.num, name: 'k', scope: 'read' as const, keyHash: 'late' };
    const signing = { appNum: app.num, id: 'late', kind: 'EDDSA' as const, kid: null, keyId: null, createdAt: NOW };
    const renamed = { id: app.id, name: 'late', registration: undefined };
    const hours = { timeZone: 'UTC', fromMinute: 0, untilMinute: 60 };
    const wake = { pushId: waiting.id, deviceNum: num, channel: 'WEBHOOK' as const };
    const webhook = newWebhook(app);
    const [hook] = await store.commitWebhooks([newWebhook(app)]);
    const place = { num: must(hook).num, appNum: app.num };
    const progress = progressOf(must(hook), { dead: [deadLetter()] });
    const made = { pushes: [directed(app, [num]).made], delivered: waiting.deliveries };
    return {
      commitNothing: () => store.commitNothing(),
      commitApps: () => store.commitApps([{ id: `late-${nextNumber()}`, name: '', keyHash: 'k', now: NOW }]),
      commitKeyRotations: () => store.commitKeyRotations([{ id: app.id, keyHash: 'k2', oldUntil: NOW, now: NOW }]),
      commitAppStates: () => store.commitAppStates([{ id: app.id, change: 'disable', now: NOW }]),
      commitRegistrations: () => store.commitRegistrations([registration(app, { tags: ['t'] })]),
      commitUpdates: () => store.commitUpdates([{ ...update, mobile: undefined, sinceId: 1, now: NOW }]),
      commitUnregistrations: () => store.commitUnregistrations([id], NOW),
      commitDeliveries: () => store.commitDeliveries(batch(made)),
      commitRecalls: () => store.commitRecalls([{ pushId: waiting.id, appNum: app.num, now: NOW }]),
      commitJobs: () => store.commitJobs([job]),
      commitCancellations: () => store.commitCancellations([{ id: job.id, appNum: app.num, now: NOW }]),
      commitFailures: () => store.commitFailures([{ id: job.id, reason: 'late' }]),
      commitSweep: () => store.commitSweep({ now: NOW + 1, eraseFrom: 0, removeBefore: NOW + 1 }),
      commitEvictions: () => store.commitEvictions([{ deviceNum: num, keep: 0, now: NOW }]),
      commitAppKeys: () => store.commitAppKeys([{ ...key, expiresAt: null, now: NOW }]),
      commitKeyRevocations: () => store.commitKeyRevocations([{ appNum: app.num, num: 1 }]),
      commitAdminTokens: () => store.commitAdminTokens([{ name: 'a', hash: 'h', createdAt: NOW, expiresAt: null }]),
      commitTokenRevocations: () => store.commitTokenRevocations([1]),
      commitUses: () => store.commitUses([{ at: NOW, keys: [1], tokens: [] }]),
      commitEntryRemovals: () => store.commitEntryRemovals([1]),
      commitChannels: () => store.commitChannels([channel]),
      commitAppWaking: () => store.commitAppWaking([{ id: app.id, hidesContent: true }]),
      commitQuietHours: () => store.commitQuietHours([{ appNum: app.num, subject: { kind: 'app' }, hours }]),
      commitWakePlans: () =>
        store.commitWakePlans([
          { scope: { kind: 'push', pushId: waiting.id }, dueAt: NOW, spreadMs: 0, sms: 'SMS_WEBHOOK', now: NOW },
        ]),
      commitWakeRecovery: () =>
        store.commitWakeRecovery({
          part: 'inboxes',
          appNums: [1],
          after: 0,
          limit: 1,
          dueAt: NOW,
          spreadMs: 0,
          now: NOW,
        }),
      commitWakes: () => store.commitWakes({ ...NO_CHANGES, settled: [{ ...wake, state: 'failed', reason: 'late' }] }),
      commitWalk: () =>
        store.commitWalk({
          ...wake,
          appNum: app.num,
          lane: 1,
          devices: [wake],
          through: num,
          nextAt: NOW,
          dueAt: NOW,
          now: NOW,
        }),
      commitWalkLanes: () => store.commitWalkLanes({ pushId: wake.pushId, appNum: app.num }, [1]),
      commitAppUpdates: () => store.commitAppUpdates([renamed]),
      commitSigningKeys: () => store.commitSigningKeys([{ ...signing, material: '{}' }]),
      commitSigningKeyRemovals: () => store.commitSigningKeyRemovals([{ appNum: app.num, id: 'late' }]),
      commitIdRotations: () => store.commitIdRotations([{ id: update.id, newId: newDeviceId(), now: NOW }]),
      commitSeen: () => store.commitSeen([num], NOW),
      commitDeviceRemovals: () => store.commitDeviceRemovals({ deviceNums: [num], seenBefore: NOW + 1, now: NOW }),
      commitTopicRemovals: () => store.commitTopicRemovals([1]),
      commitAppRemoval: () => store.commitAppRemoval({ appNum: app.num, deletedBefore: NOW, deviceNums: [], now: NOW }),
      commitCursorRemovals: () => store.commitCursorRemovals([num]),
      commitKeyRemovals: () => store.commitKeyRemovals([1], NOW),
      commitWebhooks: () => store.commitWebhooks([webhook]),
      commitWebhookChanges: () => store.commitWebhookChanges([{ ...place, set: { name: 'late' } }]),
      commitWebhookProgress: () => store.commitWebhookProgress([progress]),
      commitWebhookReplays: () => store.commitWebhookReplays([{ ...place, nums: undefined }]),
      commitDeadLetterRemovals: () => store.commitDeadLetterRemovals([1]),
      commitWebhookRemovals: () => store.commitWebhookRemovals([place]),
      commitChannelRemovals: () => store.commitChannelRemovals([channel]),
    };
  }

  /**
   * Another incarnation takes over, as another process does. Undefined: the file has a lock, and only its row can be
   * changed.
   */
  async function takeOver(): Promise<Store | undefined> {
    if (opened.kind === 'mysql') return openStore(opened.url);
    await opened.change('UPDATE cores SET epoch = epoch + 1, owner = ?', ['another']);
    return undefined;
  }

  it('lets nothing be committed once another core has taken over, of any kind', async () => {
    const { store } = opened;
    const commits = await commitsOf(store);
    expect(Object.keys(commits).toSorted()).toEqual(
      Object.keys(store)
        .filter((name) => name.startsWith('commit'))
        .toSorted(),
    );
    const second = await takeOver();
    const before = await contentOf(opened);
    for (const [name, commit] of Object.entries(commits)) {
      expect(await rejectionOf(commit()), name).toBeInstanceOf(Fenced);
    }
    await expect(store.resolveDoubt()).rejects.toBeInstanceOf(Fenced);
    expect(await contentOf(opened)).toBe(before);
    // What it could not do was no fault of the data: the other one does it.
    if (second === undefined) await opened.reopen();
    for (const commit of Object.values(await commitsOf(second ?? opened.store))) await commit();
    await second?.close();
    if (second !== undefined) await opened.reopen();
  });

  it('is taken over from the incarnation that was seen, and by one of those who saw it', async () => {
    const { store } = opened;
    const { epoch } = await store.findOwner();
    await opened.change('UPDATE cores SET epoch = epoch + 1, owner = ?', ['another']);
    expect(await store.takeOver('test', epoch)).toBe(false);
    await expect(store.commitNothing()).rejects.toBeInstanceOf(Fenced);
    expect(await store.takeOver('elsewhere', epoch + 1)).toBe(true);
    expect(await store.findOwner()).toMatchObject({ epoch: epoch + 2, address: 'elsewhere' });
    await store.commitNothing();
  });

  it('knows whether the commit in doubt took place, and goes on from there', async () => {
    const { store } = opened;
    await store.commitNothing();
    const { epoch } = await store.findOwner();
    expect(await store.resolveDoubt()).toBe(false);
    expect((await store.findOwner()).epoch).toBe(epoch + 1);
    await store.commitNothing();
    // What a commit leaves whose answer was lost.
    await opened.change('UPDATE cores SET commits = commits + ?', [1]);
    expect(await store.resolveDoubt()).toBe(true);
    expect(await store.resolveDoubt()).toBe(false);
    await store.commitNothing();
    expect(await store.resolveDoubt()).toBe(false);
  });

  it('says that its core is gone when it has stopped in order', async () => {
    const { store } = opened;
    await store.commitNothing();
    await store.release();
    expect((await store.findOwner()).leaseMs).toBeLessThanOrEqual(0);
    await store.commitNothing();
  });
});

describe.runIf(storeKinds().includes('mysql'))('a commit on MySQL that is in doubt', () => {
  const cleanups: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function setUp(): Promise<{ store: Store; proxy: TcpProxy; database: FreshDatabase }> {
    const database = await freshDatabase('mysql');
    cleanups.push(() => database.drop());
    const proxy = await startProxy(new URL(database.url).host);
    cleanups.push(() => proxy.stop());
    const store = await owned(await openMysqlStore(through(database.url, proxy.address), 2000));
    cleanups.push(() => store.close());
    return { store, proxy, database };
  }

  it.each(['swallowed, and let through later', 'carried out, its answer lost'])(
    'is known when it was %s',
    async (how) => {
      const { store, proxy } = await setUp();
      const app = await newApp(store);
      const { made, id } = directed(app, []);
      const isSwallowed = how.startsWith('swallowed');
      const stranded = proxy.strandAt((piece) => /COMMIT\b/.test(piece), isSwallowed ? 'requests' : 'answers');
      const doubt = await rejectionOf(store.commitDeliveries(batch({ pushes: [made] })));
      expect(doubt).toBeInstanceOf(CommitInDoubt);
      await expect(store.commitNothing()).rejects.toThrow();
      expect(await store.resolveDoubt()).toBe(!isSwallowed);
      // What comes late is of an earlier epoch.
      (await stranded)();
      const again = rejectionOf(store.commitDeliveries(batch({ pushes: [made] })));
      if (isSwallowed) await expect(again).rejects.toThrow('it did not reject');
      else expect(await again).not.toBeInstanceOf(Fenced);
      expect((await store.findPushes([id])).map((push) => push.id)).toEqual([id]);
    },
  );

  it.each(['by itself', 'by another core'])(
    "is cleared %s, though it holds its locks, and is its connection's first",
    async (by) => {
      const { store, proxy, database } = await setUp();
      // Its COMMIT is a piece of its own; the server does not hear that the connection is gone.
      const stranded = proxy.strandAt((piece) => /COMMIT\b/.test(piece) && !piece.includes('START'), 'requests');
      const doubt = rejectionOf(store.commitCancellations([{ id: 1, appNum: 1, now: NOW }]));
      const release = await stranded;
      expect(await doubt).toBeInstanceOf(CommitInDoubt);
      const second = by === 'by itself' ? undefined : await openStore(database.url);
      await second?.close();
      if (second === undefined) expect(await store.resolveDoubt()).toBe(false);
      else await expect(store.resolveDoubt()).rejects.toBeInstanceOf(Fenced);
      release();
    },
  );
});
