import { setTimeout as sleep } from 'node:timers/promises';
import { fromJsonString } from '@bufbuild/protobuf';
import type { OnePushClient } from '../../client/client.js';
import type { Push } from '../../client/push.js';
import { type Audience, AudienceSchema } from '../../gen/onepush/v1/push_pb.js';
import { type GetPushResponse, GetPushResponse_State as PushState } from '../../gen/onepush/v1/query_pb.js';
import type { CommandSpec, Context } from '../command.js';
import { countsOf, formatReach } from '../counts.js';
import { EXITS } from '../exits.js';
import { Failure } from '../failure.js';
import type { Input } from '../input.js';

const PLATFORMS = ['ANDROID', 'IOS', 'PC', 'WEB'] as const;
const MAX_TTL_SECONDS = 30 * 86_400;
/** Pauses between two looks at a push, in milliseconds: the first, and the longest. */
const LOOK_MS = { first: 100, longest: 1000 };

/** `onepush send`. */
export const send: CommandSpec = {
  name: 'send',
  summary: 'Sends a push',
  args: [{ name: '[alert]', means: 'the text; not needed with --alert-file' }],
  options: [
    { flags: '--alias <user>', means: 'to all devices of this user', repeats: true },
    { flags: '--tag <tag>', means: 'to devices that have this tag', repeats: true },
    { flags: '--device <id>', means: 'to this device', repeats: true },
    { flags: '--everyone', means: 'to all devices of the app' },
    { flags: '--audience <file>', means: 'to an audience of docs/api.md as JSON; - is standard input' },
    { flags: '--platform <name>', means: 'only ANDROID, IOS, PC or WEB' },
    { flags: '--title <text>', means: 'a line above the alert' },
    { flags: '--alert-file <file>', means: 'the text from a file; - is standard input' },
    { flags: '--extra <file>', means: 'any JSON value from a file, to the digit; - is standard input' },
    { flags: '--command', means: 'CMD: the app acts on it, and shows nothing' },
    { flags: '--need-confirm', means: 'comes again until the device confirms it' },
    { flags: '--ttl <seconds>', means: 'how long it waits for a device, 1 to 2592000' },
    { flags: '--at <time>', means: 'later: 2027-01-31T09:00:00Z, or +10m (s, m, h, d)' },
    { flags: '--collapse-key <key>', means: 'replaces what is pending with the same key' },
    { flags: '--priority <word>', means: 'LOW, NORMAL or HIGH' },
    { flags: '--wake <word>', means: 'NEVER, OFFLINE or ALWAYS' },
    { flags: '--idempotency-key <key>', means: 'the same key and push again are sent once' },
    { flags: '--dry-run', means: 'only check it, and count its devices' },
    { flags: '--wait <seconds>', means: 'wait so long for its deliveries to end, 1 to 86400' },
  ],
  example: "onepush send --alias alice --title News 'Hello, Alice'",
  json: { requestId: '244946072924160' },
  async run(context, input) {
    const push = await readPush(input);
    const waitMs = readWait(input);
    const client = await context.connect('app');
    if (input.flag('dryRun')) return dryRun(context, client, push);
    const requestId = await client.send(push);
    if (waitMs === undefined) {
      context.print({ requestId }, requestId);
      return undefined;
    }
    // Whoever waits no longer must not send it again for want of its id.
    context.remember({ requestId });
    context.terminal.note(`sent: ${requestId}`);
    return waitFor(context, client, requestId, waitMs);
  },
};

async function readPush(input: Input): Promise<Push> {
  const alert = (await input.file('alertFile')) ?? input.arg(0);
  if (alert === undefined) throw new Failure('usage', 'the text is missing', "onepush send --alias alice 'Hello'");
  const extraJson = await input.file('extra');
  const sendAt = input.time('at');
  const ttlSeconds = input.integer('ttl', 1, MAX_TTL_SECONDS);
  const platform = input.word('platform', PLATFORMS);
  const priority = input.word('priority', ['LOW', 'NORMAL', 'HIGH']);
  const wake = input.word('wake', ['NEVER', 'OFFLINE', 'ALWAYS']);
  return {
    audience: await readAudience(input),
    alert,
    needConfirm: input.flag('needConfirm'),
    title: input.text('title') ?? '',
    collapseKey: input.text('collapseKey') ?? '',
    idempotencyKey: input.text('idempotencyKey') ?? '',
    pushMsgType: input.flag('command') ? 'CMD' : 'MSG',
    ...(extraJson === undefined ? {} : { extraJson: extraJson.trim() }),
    ...(sendAt === undefined ? {} : { sendAt }),
    ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
    ...(platform === undefined ? {} : { platform }),
    ...(priority === undefined ? {} : { priority }),
    ...(wake === undefined ? {} : { wake }),
  };
}

async function readAudience(input: Input): Promise<Audience> {
  const json = await input.file('audience');
  const [aliases, tags, devices] = [input.list('alias'), input.list('tag'), input.list('device')];
  const given = [aliases.length > 0, tags.length > 0, devices.length > 0, input.flag('everyone'), json !== undefined];
  if (given.filter(Boolean).length !== 1) {
    throw new Failure('usage', 'give one of --alias, --tag, --device, --everyone and --audience');
  }
  const { to } = await import('../../client/audience.js');
  if (aliases.length > 0) return to.aliases(...aliases);
  if (tags.length > 0) return to.tags(...tags);
  if (devices.length > 0) return to.devices(...devices);
  if (json === undefined) return to.everyone();
  try {
    return fromJsonString(AudienceSchema, json);
  } catch {
    const hint =
      'For instance {"allOf":{"audiences":[{"tags":{"values":["news"]}},{"not":{"aliases":{"values":["bob"]}}}]}}';
    throw new Failure('usage', '--audience must be JSON of an audience', hint);
  }
}

function readWait(input: Input): number | undefined {
  const seconds = input.integer('wait', 1, 86_400);
  return seconds === undefined ? undefined : seconds * 1000;
}

async function dryRun({ print }: Context, client: OnePushClient, push: Push): Promise<undefined> {
  await client.sendPush({ ...push, dryRun: true });
  const { audience, platform } = push;
  const { devices, online } = await client.estimateAudience({
    audience,
    ...(platform === undefined ? {} : { platform }),
  });
  print({ dryRun: true, devices, online }, `nothing was sent: ${devices} devices, ${online} of them online`);
}

/** Looks until no delivery is pending; ends with 1 where some are when the time is over. */
async function waitFor(
  { print, signal, terminal }: Context,
  client: OnePushClient,
  requestId: string,
  waitMs: number,
): Promise<number> {
  const start = performance.now();
  for (let pause = LOOK_MS.first; ; pause = Math.min(LOOK_MS.longest, pause * 1.5)) {
    const push = await client.getPush({ requestId });
    const passed = performance.now() - start;
    const hasEnded = isDone(push);
    if (hasEnded || passed >= waitMs) {
      print({ requestId, done: hasEnded, ...countsOf(push) }, `${requestId}  ${formatReach(push)}`);
      const isForNobody = push.reach.case === 'deliveries' && push.reach.value.targeted === 0;
      if (!hasEnded) terminal.note('some have not ended yet: `onepush push` looks again, `onepush why` explains');
      else if (isForNobody) terminal.note('it was for nobody: `onepush devices` lists the devices of a user');
      return hasEnded && !isForNobody ? EXITS.ok.code : EXITS.failed.code;
    }
    terminal.progress(passed / waitMs, formatReach(push));
    await sleep(Math.min(pause, waitMs - passed), undefined, { signal });
  }
}

/** Counts of pushes to topics have no end. */
function isDone({ reach, sendAt, state }: GetPushResponse): boolean {
  if (reach.case === 'topics') return sendAt === undefined || reach.value.published > 0;
  const isMade = state !== PushState.SCHEDULED && state !== PushState.RUNNING;
  return isMade && reach.case === 'deliveries' && reach.value.pending === 0;
}
