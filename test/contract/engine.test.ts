import { beforeEach, describe, expect, it } from 'vitest';
import type { Push } from '../../core/domain/push.js';
import type { Change, Engine, EngineMember, TopicPush } from '../../core/engine/engine.js';
import { createMemoryEngine } from '../../core/engine/memory.js';
import { turn } from '../support/scripted-commits.js';

/** Every implementation, each with a new engine that nobody has joined. */
const ENGINES: [string, () => Engine][] = [['memory', createMemoryEngine]];

describe.each(ENGINES)('the engine %s', (_name, open) => {
  let engine: Engine;
  let one: EngineMember;
  let other: EngineMember;
  /** What each core was told, in order. */
  let told: Map<EngineMember, unknown[]>;

  async function join(): Promise<EngineMember> {
    const member = await engine.join();
    const heard: unknown[] = [];
    told.set(member, heard);
    member.listen({
      superseded: (sessions) => heard.push(...sessions.map(({ deviceNum, generation }) => ({ deviceNum, generation }))),
      hinted: (deviceNums) => heard.push(...deviceNums),
      published: ({ push }) => heard.push(push.id),
      changed: (change) => heard.push(change),
      missed: () => heard.push('missed'),
    });
    return member;
  }

  const heardBy = (member: EngineMember) => told.get(member);
  const session = (deviceNum: number, generation: number) => ({ deviceNum, generation });
  // Of a push, its id is looked at.
  const publication = (id: number): TopicPush => ({ push: { id } as Push, topicNums: [1] });

  beforeEach(async () => {
    engine = open();
    told = new Map();
    one = await join();
    other = await join();
  });

  it('gives cores numbers that no other has, and those of cores that have left again', async () => {
    expect([one.core, other.core]).toEqual([0, 1]);
    await one.leave();
    expect((await join()).core).toBe(0);
    expect((await join()).core).toBe(2);
  });

  it('says whether there are others', async () => {
    expect(one.hasOthers()).toBe(true);
    await other.leave();
    expect(one.hasOthers()).toBe(false);
  });

  it('finds the sessions of all cores', async () => {
    one.bind([session(1, 1), session(2, 2)]);
    other.bind([session(3, 1)]);
    const routes = await one.findRoutes([1, 2, 3, 4]);
    expect([...routes].sort()).toEqual([
      [1, one.core],
      [2, one.core],
      [3, other.core],
    ]);
    await other.leave();
    expect([...(await one.findRoutes([1, 3]))]).toEqual([[1, one.core]]);
  });

  it('tells a core that a device of its has a newer session on another', async () => {
    one.bind([session(1, 7), session(2, 8)]);
    other.bind([session(1, 1)]);
    expect(heardBy(one)).toEqual([]);
    await turn();
    expect(heardBy(one)).toEqual([session(1, 7)]);
    expect(heardBy(other)).toEqual([]);
  });

  it('keeps a route when an earlier session of the device ends, on the same core or on another', async () => {
    one.bind([session(1, 1)]);
    one.bind([session(1, 2)]);
    one.unbind([session(1, 1)]);
    expect((await one.findRoutes([1])).get(1)).toBe(one.core);
    other.bind([session(1, 2)]);
    one.unbind([session(1, 2)]);
    expect((await one.findRoutes([1])).get(1)).toBe(other.core);
    other.unbind([session(1, 2)]);
    expect((await one.findRoutes([1])).size).toBe(0);
  });

  it('takes hints to one core, and pushes and changes to all others, in order and in a later turn', async () => {
    const third = await join();
    const change: Change = { kind: 'app', id: 'app' };
    one.hint(other.core, [5, 6]);
    one.publish(publication(1));
    one.announce(change);
    one.publish(publication(2));
    expect(heardBy(other)).toEqual([]);
    await turn();
    expect(heardBy(one)).toEqual([]);
    expect(heardBy(other)).toEqual([5, 6, 1, change, 2]);
    expect(heardBy(third)).toEqual([1, change, 2]);
  });

  it('says nothing to a core that has left, and does not mind hints for it', async () => {
    one.publish(publication(1));
    await other.leave();
    one.hint(other.core, [1]);
    await turn();
    expect(heardBy(other)).toEqual([]);
  });

  it('says what was said before a core listened to nobody', async () => {
    const late = await engine.join();
    one.publish(publication(1));
    const heard: number[] = [];
    const nothing = () => {};
    late.listen({
      superseded: nothing,
      hinted: nothing,
      published: ({ push }) => heard.push(push.id),
      changed: nothing,
      missed: nothing,
    });
    one.publish(publication(2));
    await turn();
    expect(heard).toEqual([2]);
  });
});
