import fc from 'fast-check';
import type { Audience } from '../../core/domain/audience.js';
import { PLATFORMS, type PlatformFilter } from '../../core/domain/device.js';
import { OFFLINE_TTL } from './core.js';
import { Broken, type Sent, type Target } from './model.js';
import type { World } from './world.js';

const DEVICES = 4;
const ALIASES = 3;
const TAGS = 2;

/** Something that happens, and for how many turns of the loop the world goes on before the next thing does. */
export type Step = { turns: number } & (
  | { do: 'register'; device: number; alias: number; tags: number[] }
  | { do: 'unregister' | 'pause' | 'deafen' | 'drain'; device: number }
  | { do: 'connect'; device: number; paused: boolean }
  | { do: 'disconnect'; device: number; orderly: boolean }
  | { do: 'send'; target: Target; platform: PlatformFilter; needConfirm: boolean; duration: number; count: number }
  | { do: 'confirm'; device: number; nth: number; received: boolean }
  | { do: 'recall'; nth: number }
  | { do: 'advance'; seconds: number }
  | { do: 'slow reads'; by: number }
  | { do: 'cut link'; coreKnows: boolean }
  | { do: 'sweep' | 'checkpoint' | 'settle' | 'kill core' | 'kill edge' }
);

const device = fc.nat({ max: DEVICES - 1 });
const alias = fc.nat({ max: ALIASES - 1 });
const tags = fc.uniqueArray(fc.nat({ max: TAGS - 1 }));
const turns = fc.oneof({ weight: 3, arbitrary: fc.nat({ max: 3 }) }, { weight: 1, arbitrary: fc.nat({ max: 12 }) });

const target: fc.Arbitrary<Target> = fc.oneof(
  fc.record({ kind: fc.constant('alias' as const), alias }),
  fc.record({ kind: fc.constant('device' as const), device }),
  fc.record({ kind: fc.constant('tags' as const), tags: fc.uniqueArray(fc.nat({ max: TAGS - 1 }), { minLength: 1 }) }),
  fc.record({ kind: fc.constant('everyone' as const) }),
);

function step<K extends Step['do'], T>(what: K, fields: { [F in keyof T]: fc.Arbitrary<T[F]> }): fc.Arbitrary<Step> {
  // Each is given the fields of its kind.
  return fc.record({ do: fc.constant(what), turns, ...fields }) as unknown as fc.Arbitrary<Step>;
}

const sending = step('send', {
  target,
  platform: fc.oneof(
    { weight: 5, arbitrary: fc.constant('ALL' as const) },
    { weight: 1, arbitrary: fc.constantFrom(...PLATFORMS) },
  ),
  needConfirm: fc.boolean(),
  duration: fc.constantFrom(60, 5),
  count: fc.integer({ min: 1, max: 4 }),
});
const registering = step('register', { device, alias, tags });
const confirming = step('confirm', { device, nth: fc.nat({ max: 20 }), received: fc.boolean() });
const cutting = step('cut link', { coreKnows: fc.boolean() });
const killing = step('kill core', {});

/** In this order a run shrinks towards the simpler steps. */
const single = fc.oneof(
  { weight: 2, arbitrary: step('settle', {}) },
  { weight: 5, arbitrary: registering },
  { weight: 7, arbitrary: step('connect', { device, paused: fc.boolean() }) },
  {
    weight: 12,
    arbitrary: sending,
  },
  { weight: 4, arbitrary: step('disconnect', { device, orderly: fc.boolean() }) },
  { weight: 5, arbitrary: confirming },
  { weight: 1, arbitrary: step('unregister', { device }) },
  { weight: 2, arbitrary: step('pause', { device }) },
  { weight: 2, arbitrary: step('deafen', { device }) },
  { weight: 3, arbitrary: step('drain', { device }) },
  { weight: 1, arbitrary: step('recall', { nth: fc.nat({ max: 20 }) }) },
  { weight: 1, arbitrary: step('advance', { seconds: fc.constantFrom(1, 6, 25, 31) }) },
  { weight: 1, arbitrary: step('sweep', {}) },
  { weight: 3, arbitrary: step('checkpoint', {}) },
  { weight: 2, arbitrary: step('slow reads', { by: fc.nat({ max: 4 }) }) },
  { weight: 4, arbitrary: cutting },
  { weight: 2, arbitrary: killing },
  { weight: 1, arbitrary: step('kill edge', {}) },
);

/** Two things of which the second comes before the first is done: where the order matters most. */
const pair = fc
  .oneof(fc.tuple(sending, registering), fc.tuple(confirming, fc.oneof(cutting, killing)))
  .map(([first, second]): Step[] => [{ ...first, turns: first.turns % 2 }, second]);

export const steps: fc.Arbitrary<Step[]> = fc
  .array(fc.oneof({ weight: 12, arbitrary: single.map((one): Step[] => [one]) }, { weight: 1, arbitrary: pair }), {
    maxLength: 60,
    size: 'max',
  })
  .map((groups) => groups.flat());

/** Does one step. What makes no sense now, such as a push that is recalled before any was sent, is nothing. */
export async function take(world: World, step: Step): Promise<void> {
  const { turns: _, ...shown } = step;
  world.note(JSON.stringify(shown));
  await act(world, step);
  for (let turn = 0; turn < step.turns; turn++) await world.turn();
}

async function act(world: World, step: Step): Promise<void> {
  const { model, core, lines } = world;
  switch (step.do) {
    case 'register':
      return register(world, step.device, step.alias, step.tags);
    case 'unregister': {
      const deviceId = world.deviceIds.get(step.device);
      if (deviceId === undefined || !model.isRegistered(step.device)) return;
      const from = model.tick();
      await world.wait(core.cycle.execute(core.cycle.commands.unregister, deviceId));
      return model.unregistered(step.device, from);
    }
    case 'connect': {
      const line = world.connect(step.device);
      if (step.paused) line?.socket.pause();
      return;
    }
    case 'disconnect':
      return lines.get(step.device)?.socket.close(step.orderly);
    case 'pause':
      return lines.get(step.device)?.socket.pause();
    case 'deafen':
      return lines.get(step.device)?.socket.deafen();
    case 'drain':
      return lines.get(step.device)?.socket.drain();
    case 'send':
      for (let n = 0; n < step.count; n++) send(world, step);
      return;
    case 'confirm':
      return confirm(world, step);
    case 'recall':
      return recall(world, pick(model.sent, step.nth));
    case 'advance':
      // What is under way arrives at the time at which it was sent.
      await world.settle();
      return world.advance(step.seconds * 1000);
    case 'sweep':
      return sweep(world);
    case 'checkpoint':
      void core.checkpoint();
      return;
    case 'slow reads':
      return world.slowReads(step.by);
    case 'settle':
      await world.settle();
      return checkSockets(world);
    case 'cut link':
      return world.cutLink(step.coreKnows);
    case 'kill core':
      await world.killCore();
      // What was not answered by now was committed before, or never will be.
      for (const push of model.sent) push.to = Math.min(push.to, model.tick());
      return;
    case 'kill edge':
      return world.killEdge();
  }
}

async function register(world: World, device: number, alias: number, tags: readonly number[]): Promise<void> {
  const { core, model, deviceIds } = world;
  const from = model.tick();
  const request = {
    appId: core.app.id,
    appNum: core.app.num,
    alias: `alias-${alias}`,
    platform: model.platformOf(device),
    nativeToken: `token-${device}`,
    mobile: null,
    tags: tags.map((tag) => `tag-${tag}`),
  };
  const registered = await world.wait(core.cycle.execute(core.cycle.commands.register, request));
  if (typeof registered === 'string') throw new Error(`a registration was refused: ${registered}`);
  deviceIds.set(device, registered.device.id);
  model.registered(device, alias, tags, from);
}

function send(world: World, step: Step & { do: 'send' }): void {
  const { core, model, deviceIds } = world;
  const { target, platform, needConfirm } = step;
  const deviceId = target.kind === 'device' ? deviceIds.get(target.device) : '';
  if (deviceId === undefined) return;
  const push: Sent = {
    index: model.sent.length,
    target,
    platform,
    needConfirm,
    expiresAt: world.now() + (needConfirm ? step.duration : OFFLINE_TTL) * 1000,
    from: model.tick(),
    to: Number.POSITIVE_INFINITY,
    id: undefined,
    recalled: undefined,
  };
  model.sent.push(push);
  core
    .acceptPush(core.app, {
      audience: toAudience(target, deviceId),
      duration: step.duration,
      content: { alert: String(push.index) },
      idempotency: undefined,
      tenantCode: '',
      platform,
      msgType: 'MSG',
      needConfirm,
    })
    .then(
      (id) => {
        push.to = model.tick();
        push.id = id;
        world.note(`    push ${push.index} is accepted (${id})`);
      },
      (error: unknown) => world.note(`    push ${push.index} is refused: ${error}`),
    );
}

function toAudience(target: Target, deviceId: string): Audience {
  switch (target.kind) {
    case 'alias':
      return { kind: 'aliases', aliases: [`alias-${target.alias}`] };
    case 'device':
      return { kind: 'devices', deviceIds: [deviceId] };
    case 'tags':
      return { kind: 'tags', match: 'any', tags: target.tags.map((tag) => `tag-${tag}`) };
    case 'everyone':
      return { kind: 'everyone' };
  }
}

/**
 * Confirms the nth message that the device has received, or the nth of all pushes, whether it was for the device or
 * not.
 */
function confirm(world: World, { device, nth, received }: Step & { do: 'confirm' }): void {
  const line = world.lines.get(device);
  if (line === undefined || !line.socket.isOpen) return;
  const push = pick(received ? [...line.connection.pushes] : world.model.sent, nth);
  if (push?.id === undefined) return;
  const { socket } = line;
  socket.confirm(push.id);
  world.model.confirmed(device, push, () => socket.isAccepted);
}

async function recall({ core, model, wait }: World, push: Sent | undefined): Promise<void> {
  if (push?.id === undefined) return;
  const from = model.tick();
  const recalled = await wait(
    core.cycle.execute(core.cycle.commands.recall, { pushId: push.id, appNum: core.app.num }),
  );
  if (recalled === undefined) throw new Error('the push to recall is not known');
  push.recalled ??= { from, to: model.tick() };
}

async function sweep({ core, wait, now }: World): Promise<void> {
  for (let step = { erasedThrough: 0, more: true }; step.more; ) {
    const request = { now: now(), eraseFrom: step.erasedThrough, removeBefore: 0 };
    step = await wait(core.cycle.execute(core.cycle.commands.sweep, request));
  }
}

/** Nobody is connected who should not be any more. */
export function checkSockets({ lines, model }: World): void {
  for (const [device, { socket, connection }] of lines) {
    if (socket.isOpen && model.isOutdated(connection)) throw new Broken(`device ${device} has kept its socket`);
  }
}

function pick<T>(items: readonly T[], nth: number): T | undefined {
  return items[nth % Math.max(1, items.length)];
}
