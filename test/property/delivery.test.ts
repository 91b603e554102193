import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { Broken } from './model.js';
import { checkSockets, type Step, steps, take } from './steps.js';
import { createWorld, removeTemplate, type World } from './world.js';

/** Always the same runs under CI, others each time elsewhere. ONEPUSH_TEST_SEED repeats what failed. */
const SEED = Number(process.env.ONEPUSH_TEST_SEED ?? (process.env.CI ? 20_250_101 : Date.now() % 2 ** 31));
const RUNS = Number(process.env.ONEPUSH_TEST_RUNS ?? 150);
/** Milliseconds that a run may take on a busy machine. */
const PER_RUN = 800;

afterAll(removeTemplate);

/** Lets a run happen; rejects with the promise that was broken. */
async function run(taken: readonly Step[], story: string[]): Promise<void> {
  const world = await createWorld();
  try {
    for (const step of taken) await take(world, step);
    await conclude(world);
  } finally {
    story.push(...world.story);
    await world.close();
  }
}

/** In the end every device connects, and what was promised to it must have come. */
async function conclude(world: World): Promise<void> {
  const { model, store } = world;
  world.note('in the end');
  await world.settle();
  checkSockets(world);
  for (const device of world.deviceIds.keys()) world.connect(device);
  await world.settle();
  for (const [device, line] of world.lines) {
    if (!model.isRegistered(device)) continue;
    if (!line.socket.isOpen) throw new Broken(`the last socket of device ${device} was closed`);
    model.check(line.connection, world.now());
  }
  for (const { id, to } of model.sent) {
    if (id === undefined && to === Number.POSITIVE_INFINITY) throw new Broken('a push was never answered');
  }
  for (const { pushId, targeted, ended, pending } of await store.sumDeliveries(0, 10_000)) {
    if (targeted !== ended + pending) throw new Broken(`push ${pushId}: ${targeted} ≠ ${ended} + ${pending}`);
  }
}

it('keeps its promises, whatever happens in whatever order', { timeout: RUNS * PER_RUN }, async () => {
  console.info(`property runs: ${RUNS}, seed: ${SEED} (ONEPUSH_TEST_SEED)`);
  const details = await fc.check(
    fc.asyncProperty(steps, (taken) => run(taken, [])),
    { seed: SEED, numRuns: RUNS },
  );
  if (!details.failed) return;
  const [taken = []] = details.counterexample ?? [];
  const story: string[] = [];
  const error = await run(taken, story).catch((reason: unknown) => reason);
  const lines = [
    `seed ${details.seed}, path ${details.counterexamplePath}, shrunk ${details.numShrinks} times`,
    ...story,
  ];
  expect.fail(`${error ?? details.errorInstance}\n${lines.join('\n')}`);
});
