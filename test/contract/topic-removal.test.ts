import { expect, it } from 'vitest';
import type { Logger } from '../../common/logs/log.js';
import { createCommitEffects } from '../../core/delivery/commit-effects.js';
import { createAcceptPush } from '../../core/delivery/push/accept-push.js';
import { createWriteCycle } from '../../core/delivery/writer/write-cycle.js';
import { createIdClock } from '../../core/domain/id-clock.js';
import { createRegistry, type Registry } from '../../core/registry/registry.js';
import { CORE } from '../../core/store/sql/fence.js';
import type { StoreReader } from '../../core/store/store.js';
import { eventually } from '../support/eventually.js';
import { unlimited } from '../support/limits.js';
import { eachStore, must, type OpenStore } from './each-store.js';
import { newApp, register, registration } from './samples.js';

const LOG = { debug() {}, info() {}, warn() {}, error() {} } as unknown as Logger;
const nothing = { pushed() {} };

/** The writer and the caches of a core, over a store whose look-ups of tags a test may hold up. */
async function createCore({ store }: OpenStore) {
  const app = await newApp(store);
  const highest = await store.loadHighestIds();
  let hold: Promise<void> | undefined;
  let reads = 0;
  const findTopics: StoreReader['findTopics'] = async (pairs) => {
    const found = await store.findTopics(pairs);
    reads++;
    await hold;
    return found;
  };
  const registry: Registry = createRegistry({
    findApps: store.findApps,
    findDevicesByAlias: store.findDevicesByAlias,
    findDevicesById: store.findDevicesById,
    findTopics,
  });
  const cycle = createWriteCycle({
    store,
    pushIds: createIdClock(CORE, highest.push),
    deliveryIds: createIdClock(CORE, highest.push),
    settleWithin: 0,
    onCommit: createCommitEffects({
      registry,
      openApps: { refresh() {} },
      admins: { added() {}, removed() {} },
      sessions: {
        ...nothing,
        recalled() {},
        withdrawn() {},
        cleared() {},
        registered() {},
        unregistered() {},
        rotated() {},
      },
      limits: nothing,
      metrics: { ...nothing, recalled() {} },
      jobs: { wake() {} },
      channels: { set() {}, removed() {}, setHidesContent() {} },
      webhooks: { set() {}, removed() {}, replayed() {}, appChanged() {} },
      waking: { ...nothing, credentialSet() {}, tokenSet() {} },
    }),
    fenced() {},
    log: LOG,
  });

  /** A topic of this tag, whose only device is gone. */
  async function abandonedTopic(tag: string): Promise<number> {
    const { device, topics } = await register(store, registration(app, { tags: [tag] }));
    await cycle.execute(cycle.commands.unregister, device.id);
    return must(topics[1]);
  }

  async function registerWith(tag: string): Promise<number> {
    const { appId, appNum, alias, platform, nativeToken, mobile } = registration(app);
    const request = { appId, appNum, alias, platform, nativeToken, mobile, tags: [tag] };
    const result = await cycle.execute(cycle.commands.register, request);
    if (typeof result === 'string') throw new Error(result);
    return must(result.topics[1]);
  }

  /** What is on a topic's timeline. */
  async function pushesOf(topicNum: number): Promise<number[]> {
    const ranges = [{ topicNum, after: 0 }];
    return (await store.readTimelines(ranges, Number.MAX_SAFE_INTEGER, Date.now(), 10)).map(({ pushId }) => pushId);
  }

  /** Sends to a tag; `meanwhile` happens when the tag is looked up and the push not committed. */
  async function send(tag: string, meanwhile: () => Promise<unknown> = async () => undefined): Promise<number> {
    let first = true;
    const accept = createAcceptPush(
      registry,
      store,
      {
        ...cycle,
        async push(request) {
          if (first) {
            first = false;
            await meanwhile();
          }
          return cycle.push(request);
        },
      },
      60,
      unlimited(),
    );
    const options = { tenantCode: '', platform: 'ALL', msgType: 'MSG', needConfirm: false } as const;
    const audience = { kind: 'tags', tags: [tag], match: 'any' } as const;
    return accept(app, { ...options, audience, content: { alert: 'x' }, duration: undefined, idempotency: undefined });
  }

  return {
    cycle,
    registry,
    app,
    abandonedTopic,
    registerWith,
    pushesOf,
    send,
    remove: (num: number) => cycle.execute(cycle.commands.removeTopics, [num]),
    /** Resolves when a look-up of tags has read what it keeps to itself. */
    hasRead: () => eventually(() => reads > 0),
    /** Holds what look-ups of tags have found from now on, until the answer is called. */
    holdLookUps() {
      let release = () => {};
      hold = new Promise((resolve) => {
        release = resolve;
      });
      return release;
    },
  };
}

eachStore('a tag whose topic is removed', (opened) => {
  it('and that is taken again loses no push that had looked it up before', async () => {
    const core = await createCore(opened);
    const old = await core.abandonedTopic('again');
    let taken = 0;
    const id = await core.send('again', async () => {
      expect(await core.remove(old)).toBe(1);
      taken = await core.registerWith('again');
    });
    expect(taken).not.toBe(old);
    expect(await core.pushesOf(taken)).toEqual([id]);
    expect(await core.pushesOf(old)).toEqual([]);
  });

  it('and that is taken again loses no push whose look-up was under way meanwhile', async () => {
    const core = await createCore(opened);
    const old = await core.abandonedTopic('under-way');
    const release = core.holdLookUps();
    const sent = core.send('under-way');
    await core.hasRead();
    expect(await core.remove(old)).toBe(1);
    const taken = await core.registerWith('under-way');
    release();
    const id = await sent;
    expect(await core.pushesOf(taken)).toEqual([id]);
  });

  it('is removed only when nothing is pushed to it any more, and stays the same till then', async () => {
    const core = await createCore(opened);
    const old = await core.abandonedTopic('live');
    const id = await core.send('live', async () => undefined);
    expect(await core.remove(old)).toBe(0);
    expect(await core.registerWith('live')).toBe(old);
    expect(await core.pushesOf(old)).toEqual([id]);
  });

  it('is not there for pushes any more, and there again for those after a registration', async () => {
    const core = await createCore(opened);
    const old = await core.abandonedTopic('gone');
    await core.registry.topic(core.app.num, 'gone').loading;
    await core.remove(old);
    await core.send('gone');
    expect(await core.pushesOf(old)).toEqual([]);
    const taken = await core.registerWith('gone');
    const id = await core.send('gone');
    expect(await core.pushesOf(taken)).toEqual([id]);
  });
});
