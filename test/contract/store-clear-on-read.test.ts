import { expect, it } from 'vitest';
import type { App } from '../../core/domain/app.js';
import type { Push } from '../../core/domain/push.js';
import { type Statement, watchStatements } from '../support/statements.js';
import { eachStore, must } from './each-store.js';
import { batch, directed, NOW, newApp, newDevices, nextNumber, nextPushId, register, registration } from './samples.js';
import { wakeSamples } from './wake-samples.js';

const [DELIVERED, CONFIRMED, EXPIRED, CLEARED] = [1, 2, 3, 8];
const FAR = Number.MAX_SAFE_INTEGER;

eachStore('a push that is cleared where it is read', (opened) => {
  /** Devices of one user. */
  async function ofUser(app: App, count: number, alias = `user-${nextNumber()}`): Promise<number[]> {
    return (await newDevices(opened.store, app, count, { alias })).map(({ device }) => device.num);
  }

  async function sent(app: App, nums: readonly number[], given: Partial<Push> = {}) {
    const pushed = directed(app, nums, { clearOnRead: true, ...given });
    await opened.store.commitDeliveries(batch({ pushes: [pushed.made] }));
    return pushed;
  }

  /** A device confirms; answers what that clears, by device. */
  async function confirm(pushId: number, ...nums: number[]): Promise<number[]> {
    const confirmed = nums.map((deviceNum) => ({ deviceNum, pushId }));
    const { cleared } = await opened.store.commitDeliveries(batch({ confirmed, now: NOW + 1 }));
    return cleared.map(({ deviceNum }) => deviceNum).toSorted((a, b) => a - b);
  }

  /** How deliveries of a push have ended, by device. */
  async function endings(pushId: number): Promise<Record<string, number>> {
    const rows = await opened.rows('SELECT device_num, ending FROM receipts WHERE push_id = ?', [pushId]);
    return Object.fromEntries(rows.map((row) => [Number(row.device_num), Number(row.ending)]));
  }

  async function waiting(deviceNum: number): Promise<number[]> {
    const rows = await opened.store.readInbox([{ deviceNum, after: 0 }], FAR, NOW, 100);
    return rows.map(({ pushId }) => pushId);
  }

  it.each([true, false])("ends for the user's other devices alone, with needConfirm %s", async (needConfirm) => {
    const app = await newApp(opened.store);
    const [reader, other, third] = (await ofUser(app, 3)) as [number, number, number];
    const [stranger] = (await ofUser(app, 1)) as [number];
    const { id } = await sent(app, [reader, other, third, stranger], { needConfirm });
    const kept = await sent(app, [other], { clearOnRead: false, needConfirm });
    expect(await confirm(id, reader)).toEqual([other, third]);
    const own = needConfirm ? CONFIRMED : DELIVERED;
    expect(await endings(id)).toEqual({ [reader]: own, [other]: CLEARED, [third]: CLEARED });
    expect(await waiting(other)).toEqual([kept.id]);
    expect(await waiting(stranger)).toEqual([id]);
    const { counts } = must(await opened.store.findPushReport(id, app.num));
    expect(counts).toMatchObject({ pending: 1, cleared: 2, [needConfirm ? 'confirmed' : 'delivered']: 1 });
    expect(await opened.store.sumDeliveries(id - 1, 1)).toEqual([{ pushId: id, targeted: 4, ended: 3, pending: 1 }]);
  });

  it('tells of devices that had it already, whose deliveries stay what they were', async () => {
    const app = await newApp(opened.store);
    const [reader, had, expired] = (await ofUser(app, 3)) as [number, number, number];
    const { id, deliveries } = await sent(app, [reader, had, expired]);
    await opened.store.commitDeliveries(batch({ delivered: deliveries.slice(0, 2) }));
    await opened.store.commitSweep({ now: NOW + 2000, eraseFrom: 0, removeBefore: 0 });
    expect(await confirm(id, reader)).toEqual([had]);
    expect(await endings(id)).toEqual({ [reader]: DELIVERED, [had]: DELIVERED, [expired]: EXPIRED });
  });

  it('ends once, whoever else confirms it, in one commit or later', async () => {
    const app = await newApp(opened.store);
    const [one, other, third] = (await ofUser(app, 3)) as [number, number, number];
    const { id } = await sent(app, [one, other, third], { needConfirm: true });
    expect(await confirm(id, one, other, one)).toEqual([third]);
    const ended = { [one]: CONFIRMED, [other]: CONFIRMED, [third]: CLEARED };
    expect(await endings(id)).toEqual(ended);
    expect(await confirm(id, third)).toEqual([]);
    // Again: a crash may have kept it from being told.
    expect(await confirm(id, one)).toEqual([third]);
    expect(await endings(id)).toEqual(ended);
  });

  it('stays where no device that has it confirms, and without the wish', async () => {
    const app = await newApp(opened.store);
    const [mine, other] = (await ofUser(app, 2)) as [number, number];
    const [stranger] = (await ofUser(app, 1)) as [number];
    const asked = await sent(app, [other]);
    const plain = await sent(app, [mine, other], { clearOnRead: false, needConfirm: true });
    // Neither of them was sent it.
    expect(await confirm(asked.id, mine, stranger)).toEqual([]);
    expect(await confirm(plain.id, mine)).toEqual([]);
    expect(await waiting(other)).toEqual([asked.id, plain.id]);
  });

  it('is not cleared by a device that has changed hands since, nor on one that has', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const alias = `user-${nextNumber()}`;
    const moved = registration(app, { alias });
    const { device } = await register(store, moved);
    const [theirs, own] = [await ofUser(app, 1, 'them'), await ofUser(app, 1, alias)].flat() as [number, number];
    const { id, deliveries } = await sent(app, [device.num, theirs, own]);
    await store.commitDeliveries(batch({ delivered: deliveries }));
    await register(store, { ...moved, alias: 'them', sinceId: nextPushId() });
    expect(await confirm(id, device.num)).toEqual([]);
    expect(await confirm(id, own)).toEqual([]);
    expect(await confirm(id, theirs)).toEqual([]);
  });

  it('is cleared across the parts that it was made in', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const nums = await ofUser(app, 4);
    const job = nextPushId();
    const [first, unrelated, second] = [
      directed(app, nums.slice(0, 2), { clearOnRead: true, needConfirm: true }),
      directed(app, nums, { clearOnRead: true, needConfirm: true }),
      directed(app, nums.slice(2), { clearOnRead: true, needConfirm: true }),
    ] as const;
    const spec = { header: first.made.push, work: { content: { alert: 'a' }, reach: reachOfAll() } };
    await store.commitJobs([
      { id: job, appNum: app.num, spec, dueAt: NOW, createdAt: NOW, expiresAt: NOW + 1000, idempotency: undefined },
    ]);
    const [middle, last] = [must(nums[1]), must(nums[3])];
    const step = (from: number, after: number, done: boolean) => ({ id: job, from, after, done });
    await store.commitDeliveries(
      batch({
        pushes: [
          { ...first.made, job: step(0, middle, false) },
          unrelated.made,
          { ...second.made, job: step(middle, last, true) },
        ],
      }),
    );
    expect(await confirm(second.id, last)).toEqual(nums.slice(0, 3));
    expect(await waiting(must(nums[0]))).toEqual([unrelated.id]);
  });

  it('wakes nobody any more', async () => {
    const { store } = opened;
    const app = await newApp(store);
    const { wakeable, plan, change } = wakeSamples(opened);
    const [reader, other] = (await wakeable(app, 2, { alias: `user-${nextNumber()}` })) as [number, number];
    const { id } = await sent(app, [reader, other]);
    expect(await plan({ kind: 'push', pushId: id })).toBe(2);
    await confirm(id, reader);
    const claims = [reader, other].map((deviceNum) => ({ pushId: id, deviceNum, channel: 'APNS' as const }));
    expect(await change({ claims })).toEqual([]);
    const { wakes } = must(await store.findPushReport(id, app.num));
    expect(wakes).toMatchObject({ due: 0, cancelled: 2 });
  });

  it('costs a commit of other confirmations no statement', async () => {
    const watch = watchStatements();
    try {
      // New connections: those that are watched.
      await opened.reopen();
      const app = await newApp(opened.store);
      const nums = await ofUser(app, 3);
      const plain = await sent(app, nums, { clearOnRead: false, needConfirm: true });
      const asked = await sent(app, nums, { needConfirm: true });
      await watch.take();
      await confirm(plain.id, must(nums[0]));
      const plainCost = await watch.take();
      await confirm(asked.id, must(nums[0]));
      const isLookUp = ({ sql }: Statement) => sql.includes('reader_since');
      expect(plainCost.filter(isLookUp)).toEqual([]);
      expect((await watch.take()).filter(isLookUp)).toHaveLength(1);
    } finally {
      watch.stop();
    }
  });
});

function reachOfAll() {
  return { kind: 'names' as const, audience: { kind: 'aliases' as const, aliases: ['a'] }, platform: 'ALL' as const };
}
