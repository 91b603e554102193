import { expect, it } from 'vitest';
import type { Every } from '../../common/every.js';
import type { PushContent, PushOptions } from '../../core/domain/push.js';
import { eachStore, must } from './each-store.js';
import { batch, directed, NOW, newApp, newDevices, topical } from './samples.js';

eachStore('questions', (opened) => {
  it('count what has become of a push, for its own app only', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const devices = await newDevices(store, app, 3);
    const push = directed(
      app,
      devices.map(({ device }) => device.num),
    );
    await store.commitDeliveries(batch({ pushes: [push.made] }));
    await store.commitDeliveries(batch({ delivered: [must(push.deliveries[0])] }));
    expect(await store.findPushReport(push.id, app.num)).toMatchObject({
      messageIds: [push.id],
      topic: false,
      content: { alert: 'hello' },
      counts: { pending: 2, delivered: 1, confirmed: 0 },
    });
    expect(await store.findPushReport(push.id, app.num + 1)).toBeUndefined();
  });

  it('sum over the parts of a job, found by its id and not by theirs', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const devices = await newDevices(store, app, 2);
    const parts = devices.map(({ device }) => directed(app, [device.num]));
    await store.commitDeliveries(batch({ pushes: parts.map(({ made }) => made) }));
    const [first, second] = [must(parts[0]).id, must(parts[1]).id];
    const job = first - 1_000_000;
    await opened.change('UPDATE pushes SET job_id = ? WHERE id IN (?, ?)', [job, first, second]);
    expect(await store.findPushReport(job, app.num)).toMatchObject({
      id: job,
      messageIds: [first, second],
      counts: { pending: 2 },
    });
    expect(await store.findPushReport(first, app.num)).toBeUndefined();
  });

  it('tell to how many sessions a topic push went', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const topic = must(must((await newDevices(store, app, 1))[0]).topics[0]);
    const push = topical(app, [topic]);
    await store.commitDeliveries(batch({ pushes: [push.made], published: [{ pushId: push.id, sessions: 7 }] }));
    expect(await store.findPushReport(push.id, app.num)).toMatchObject({ topic: true, published: 7 });
  });

  it('says no more sessions than it can keep, and refuses nothing for it', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const push = topical(app, []);
    await store.commitDeliveries(batch({ pushes: [push.made], published: [{ pushId: push.id, sessions: 7 }] }));
    for (const sessions of [2 ** 31 - 8, 2 ** 31 - 1, 2 ** 32 - 1, 1]) {
      await store.commitDeliveries(batch({ published: [{ pushId: push.id, sessions }] }));
      expect(await store.findPushReport(push.id, app.num)).toMatchObject({ published: 2 ** 31 - 1 });
    }
  });

  it('tell whether a push was recalled before it expired, though nothing of it was pending', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const { device, topics } = must((await newDevices(store, app, 1))[0]);
    const [done, expired] = [directed(app, [device.num]), directed(app, [device.num])];
    const topic = topical(app, topics);
    await store.commitDeliveries(batch({ pushes: [done.made, expired.made, topic.made] }));
    await store.commitDeliveries(batch({ delivered: done.deliveries }));
    const recalls = (now: number) => [done, topic].map(({ id }) => ({ pushId: id, appNum: app.num, now }));
    await store.commitRecalls(recalls(NOW + 1));
    await store.commitRecalls([...recalls(NOW + 5000), { pushId: expired.id, appNum: app.num, now: NOW + 5000 }]);
    for (const { id } of [done, topic]) {
      expect(await store.findPushReport(id, app.num)).toMatchObject({ recalled: true, expiresAt: NOW + 1 });
    }
    expect(await store.findPushReport(expired.id, app.num)).toMatchObject({ recalled: false });
  });

  it('tell of a push that is being removed still that it was to devices', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const { device } = must((await newDevices(store, app, 1))[0]);
    const sent = directed(app, [device.num]);
    await store.commitDeliveries(batch({ pushes: [sent.made] }));
    await opened.change('UPDATE pushes SET targeted = NULL WHERE id = ?', [sent.id]);
    expect(await store.findPushReport(sent.id, app.num)).toMatchObject({ topic: false });
  });

  it('tell the priority, the collapse key and the wake policy of a push', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const [plain, urgent] = [directed(app, []), directed(app, [], { priority: 'HIGH', collapseKey: 'score' })];
    await store.commitDeliveries(batch({ pushes: [plain.made, urgent.made] }));
    expect(await store.findPushReport(plain.id, app.num)).toMatchObject({
      priority: 'NORMAL',
      collapseKey: '',
      wake: 'OFFLINE',
    });
    expect(await store.findPushReport(urgent.id, app.num)).toMatchObject({ priority: 'HIGH', collapseKey: 'score' });
  });

  it('tell all that a push says of itself, field by field', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const header: Every<PushOptions> = {
      tenantCode: 'tenant',
      platform: 'WEB',
      msgType: 'CMD',
      needConfirm: true,
      collapseKey: 'score',
      priority: 'LOW',
      wake: 'ALWAYS',
      clearOnRead: true,
    };
    const content: Every<PushContent> = {
      alert: 'a',
      extra: '1',
      sound: 'b',
      badge: 2,
      sender: 'c',
      sendDevice: 'd',
      smsMessage: 'e',
      title: 'f',
      image: 'https://g',
      clickTarget: 'h',
      androidChannel: 'i',
      category: 'j',
      thread: 'k',
      interruption: 'TIME_SENSITIVE',
      wakeOverrides: '{}',
      wakesPerSecond: 100,
    };
    const sent = directed(app, [], { ...header, content });
    await store.commitDeliveries(batch({ pushes: [sent.made] }));
    expect(await store.findPushReport(sent.id, app.num)).toMatchObject({ ...header, content });
  });

  it('list devices of a user and of a tag, without those that have gone', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const made = await newDevices(store, app, 4, { alias: 'one user', tags: ['t'], mobile: '1' });
    const [gone, ...left] = made.map(({ device }) => device);
    await store.commitUnregistrations([must(gone).id], 1);
    const topicNum = must((await store.findTopics([{ appNum: app.num, tag: 't' }]))[0]).num;
    const filters = [
      { kind: 'alias', appNum: app.num, alias: 'one user' } as const,
      { kind: 'topic', topicNum } as const,
    ];
    for (const filter of filters) {
      const first = await store.listDevices(filter, 0, 2);
      expect(first).toMatchObject([{ alias: 'one user', tags: ['t'], mobile: '1' }, {}]);
      const rest = await store.listDevices(filter, must(first[1]).num, 2);
      expect([...first, ...rest].map(({ id }) => id)).toEqual(left.map(({ id }) => id));
    }
  });
});
