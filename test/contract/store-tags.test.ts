import { expect, it } from 'vitest';
import { LIMITS } from '../../common/contract/fields.js';
import { eachStore, must } from './each-store.js';
import { batch, NOW, newApp, newDevices, register, registration, topical } from './samples.js';

eachStore('the tags of a store', (opened) => {
  it('adds, ends and brings back tags', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const wanted = registration(app, { tags: ['a', 'b'], sinceId: 10 });
    const { device } = await register(store, wanted);
    const topics = await store.findTopics(['a', 'b', 'c'].map((tag) => ({ appNum: app.num, tag })));
    const tagOf = new Map(topics.map(({ num, tag }) => [num, tag]));
    const history = async () => {
      const { memberships } = must((await store.findSubscribers([device.id]))[0]);
      const named = memberships.map(({ topicNum, since, until }) => [tagOf.get(topicNum) ?? '?', since, until]);
      return named.filter(([tag]) => tag !== '?').sort();
    };
    // What has ended is told as long as there is a push that it may have had.
    const { made, id } = topical(app, [must(topics[0]).num], { id: 15 });
    await store.commitDeliveries(batch({ pushes: [made] }));
    await register(store, { ...wanted, tags: ['b'], sinceId: 20 });
    expect(await history()).toEqual([
      ['a', 10, 20],
      ['b', 10, null],
    ]);
    // Back before anything else was pushed.
    await register(store, { ...wanted, tags: ['a', 'b'], sinceId: 20 });
    await register(store, { ...wanted, tags: ['b'], sinceId: 20 });
    await register(store, { ...wanted, tags: ['a', 'b'], sinceId: 20 });
    expect(await history()).toEqual([
      ['a', 10, 20],
      ['a', 20, null],
      ['b', 10, null],
    ]);
    const last = await register(store, { ...wanted, tags: [], sinceId: 30 });
    expect(last.topics).toHaveLength(1);
    expect(await history()).toEqual([
      ['a', 10, 20],
      ['a', 20, 30],
      ['b', 10, 30],
    ]);
    await store.commitRecalls([{ pushId: id, appNum: app.num, now: NOW }]);
    expect(await history()).toEqual([]);
  });

  it('keeps a bounded part of what a device once had as tags, and nothing that no push can have met', async () => {
    const { store, rows } = opened;
    const app = await newApp(store);
    const wanted = registration(app, { tags: ['first'], sinceId: 10 });
    const { device } = await register(store, wanted);
    const kept = () => rows('SELECT since_id, until_id FROM device_tags WHERE device_num = ?', [device.num]);
    const fresh = (round: number) => Array.from({ length: LIMITS.tags }, (_, tag) => `${round}-${tag}`);
    for (let round = 0; round < 3; round++) await register(store, { ...wanted, tags: fresh(round), sinceId: 20 });
    expect((await kept()).filter(({ since_id }) => Number(since_id) === 20)).toHaveLength(LIMITS.tags);
    for (let round = 3; round < 7; round++) {
      await register(store, { ...wanted, tags: fresh(round), sinceId: 20 + 10 * round });
    }
    const ended = (await kept()).flatMap(({ until_id }) => (until_id === null ? [] : [Number(until_id)]));
    expect(ended).toHaveLength(LIMITS.endedTags);
    expect([...new Set(ended)].sort()).toEqual([70, 80]);
  });

  it('shares a topic between the devices of an app, also those of one call', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const first = await newDevices(store, app, 3, { tags: ['x'] });
    const second = await newDevices(store, app, 2, { tags: ['x', 'y'] });
    expect(new Set(first.flatMap((entry) => entry.topics)).size).toBe(2);
    expect(new Set([...first, ...second].flatMap((entry) => entry.topics)).size).toBe(3);
    expect(await store.findTopics([{ appNum: app.num, tag: 'never' }])).toEqual([]);
  });
});
