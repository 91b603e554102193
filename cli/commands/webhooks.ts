import type { ListDeadLettersResponse, Webhook } from '../../gen/onepush/v1/webhook_pb.js';
import { WebhookEvent, WebhookState } from '../../gen/onepush/v1/webhook_pb.js';
import type { CommandSpec } from '../command.js';
import { EXITS } from '../exits.js';
import { Failure } from '../failure.js';
import type { Input } from '../input.js';
import { requireApp } from '../server.js';
import { formatTable } from '../terminal.js';
import { showTime, toIso } from '../time.js';

const EVENTS = ['RECEIPTS', 'WAKES'] as const;
const MAX_EVENTS = 500;
const MAX_LETTERS = 10_000;
const ID = { name: '<id>', means: 'the id of `webhooks list`' };
const EVENT_OPTION = { flags: '--event <kind>', means: 'RECEIPTS or WAKES; all by default', repeats: true };
const SIZE_OPTION = { flags: '--max-events <number>', means: `most events of a request, 1 to ${MAX_EVENTS} (100)` };
const SECRET_NOTE = 'The secret is not shown again.';

/** `onepush webhooks …`: by the app itself, or by an admin. */
export const webhooks: readonly CommandSpec[] = [
  {
    name: 'webhooks list',
    summary: 'Lists the webhooks of an app, and how they stand',
    example: 'onepush webhooks list --app testapp1',
    json: {
      webhooks: [
        { id: 'whk_…', name: 'orders', url: 'https://shop.example/hook', events: ['RECEIPTS'], state: 'ACTIVE' },
      ],
    },
    async run(context) {
      const client = await context.connect('either');
      const { webhooks: found } = await client.listWebhooks({ appId: requireApp(await context.target()) });
      const rows = found.map(toRow);
      const table = formatTable(
        ['ID', 'NAME', 'URL', 'EVENTS', 'STATE', 'REASON', 'NEXT ATTEMPT', 'DEAD LETTERS'],
        found.map((webhook, index) => [
          webhook.id,
          webhook.name || '-',
          webhook.url,
          rows[index]?.events.join(' ') ?? '',
          rows[index]?.state ?? '',
          webhook.reason || '-',
          showTime(webhook.nextAttemptAt),
          String(webhook.deadLetters),
        ]),
        'no webhooks: `onepush webhooks create` makes one',
      );
      context.print({ webhooks: rows }, table);
      return undefined;
    },
  },
  {
    name: 'webhooks create',
    summary: 'Creates a webhook, and prints the secret that it signs with once',
    args: [{ name: '<url>', means: 'an https address of a back end' }],
    options: [{ flags: '--name <name>', means: 'a name for people' }, EVENT_OPTION, SIZE_OPTION],
    example: 'onepush webhooks create https://shop.example/hook --name orders --event receipts',
    json: { id: 'whk_…', secret: 'whsec_…' },
    async run(context, input) {
      const given = { events: eventsOf(input), maxEvents: input.integer('maxEvents', 1, MAX_EVENTS) ?? 0 };
      const client = await context.connect('either');
      const appId = requireApp(await context.target());
      const name = input.text('name') ?? '';
      const { webhook, secret } = await client.createWebhook({ appId, url: input.required(0), name, ...given });
      const id = webhook?.id ?? '';
      context.print({ id, secret }, `id      ${id}\nsecret  ${secret}\n${SECRET_NOTE}`);
      return undefined;
    },
  },
  {
    name: 'webhooks update',
    summary: 'Changes a webhook; what it has not told yet stays',
    args: [ID],
    options: [
      { flags: '--name <name>', means: 'a name for people' },
      { flags: '--url <url>', means: 'an https address of a back end' },
      EVENT_OPTION,
      SIZE_OPTION,
      { flags: '--enable', means: 'it goes on where it was, at once' },
      { flags: '--disable', means: 'nothing is sent until it is enabled' },
    ],
    example: 'onepush webhooks update whk_4f2c --disable',
    json: { id: 'whk_…', name: 'orders', url: 'https://shop.example/hook', events: ['RECEIPTS'], state: 'DISABLED' },
    async run(context, input) {
      const [enable, disable] = [input.flag('enable'), input.flag('disable')];
      if (enable && disable) throw new Failure('usage', 'give --enable or --disable, not both');
      const [name, url, maxEvents] = [input.text('name'), input.text('url'), input.integer('maxEvents', 1, MAX_EVENTS)];
      const events = eventsOf(input);
      if (!enable && !disable && events.length === 0 && (name ?? url ?? maxEvents) === undefined) {
        throw new Failure('usage', 'what is to change?', 'See --help.');
      }
      const client = await context.connect('either');
      const { webhook } = await client.updateWebhook({
        appId: requireApp(await context.target()),
        id: input.required(0),
        events,
        maxEvents: maxEvents ?? 0,
        ...(name === undefined ? {} : { name }),
        ...(url === undefined ? {} : { url }),
        ...(enable || disable ? { enabled: enable } : {}),
      });
      if (webhook === undefined) throw new Failure('failed', 'the service did not say how it stands');
      const row = toRow(webhook);
      context.print(row, `${row.id}  ${row.state}${row.reason === undefined ? '' : `  ${row.reason}`}`);
      return undefined;
    },
  },
  {
    name: 'webhooks delete',
    summary: 'Removes a webhook with its dead letters',
    args: [ID],
    example: 'onepush webhooks delete whk_4f2c',
    json: { id: 'whk_4f2c', removed: true },
    async run(context, input) {
      const id = input.required(0);
      const client = await context.connect('either');
      await client.deleteWebhook({ appId: requireApp(await context.target()), id });
      context.print({ id, removed: true }, `${id} is removed`);
      return undefined;
    },
  },
  {
    name: 'webhooks rotate',
    summary: 'Gives a webhook another secret, and prints it once; for a day each request is signed with both',
    args: [ID],
    example: 'onepush webhooks rotate whk_4f2c',
    json: { id: 'whk_4f2c', secret: 'whsec_…', oldSecretUntil: '2026-11-27T09:00:00Z' },
    async run(context, input) {
      const id = input.required(0);
      const client = await context.connect('either');
      const appId = requireApp(await context.target());
      const { secret, oldSecretUntil } = await client.rotateWebhookSecret({ appId, id });
      const until = `The earlier one signs too until ${showTime(oldSecretUntil)}.`;
      context.print(
        { id, secret, oldSecretUntil: toIso(oldSecretUntil) },
        `secret  ${secret}\n${SECRET_NOTE} ${until}`,
      );
      return undefined;
    },
  },
  {
    name: 'webhooks test',
    summary: 'Sends one event of the type `test` at once, and says what it was answered',
    args: [ID],
    example: 'onepush webhooks test whk_4f2c',
    json: { id: 'whk_4f2c', status: 200, milliseconds: 41 },
    async run(context, input) {
      const id = input.required(0);
      const client = await context.connect('either');
      const appId = requireApp(await context.target());
      const { status, reason, milliseconds } = await client.testWebhook({ appId, id });
      const answered = status === 0 ? 'no answer' : `answered ${status}`;
      context.print(
        { id, status: status || undefined, reason: reason || undefined, milliseconds },
        `${id}  ${answered} after ${milliseconds} ms${reason === '' ? '' : `  ${reason}`}`,
      );
      return reason === '' ? undefined : EXITS.failed.code;
    },
  },
  {
    name: 'webhooks dead-letters',
    summary: 'Lists the events that the back end refused while it took others, the newest first',
    args: [ID],
    options: [{ flags: '--limit <number>', means: `so many at the most, 1 to ${MAX_LETTERS} (100)` }],
    example: 'onepush webhooks dead-letters whk_4f2c',
    json: {
      deadLetters: [{ id: '…', reason: 'http_400', attempts: 5, time: '2026-11-26T09:00:00Z', event: {} }],
      more: false,
    },
    async run(context, input) {
      const limit = input.integer('limit', 1, MAX_LETTERS) ?? 100;
      const client = await context.connect('either');
      const named = { appId: requireApp(await context.target()), webhookId: input.required(0) };
      const found: ListDeadLettersResponse['deadLetters'] = [];
      let pageToken = '';
      do {
        const pageSize = Math.min(1000, limit - found.length);
        const page = await client.listDeadLetters({ ...named, pageSize, pageToken });
        found.push(...page.deadLetters);
        pageToken = page.nextPageToken;
      } while (pageToken !== '' && found.length < limit);
      const table = formatTable(
        ['ID', 'TIME', 'REASON', 'ATTEMPTS', 'EVENT'],
        found.map(({ id, time, reason, attempts, eventJson, replaying }) => [
          id,
          showTime(time),
          `${reason}${replaying ? ' (replaying)' : ''}`,
          String(attempts),
          eventJson,
        ]),
        'no dead letters',
      );
      const more = pageToken !== '';
      const rows = found.map(({ id, time, reason, attempts, eventJson, replaying }) => {
        return {
          id,
          reason,
          attempts,
          time: toIso(time),
          replaying: replaying || undefined,
          event: JSON.parse(eventJson),
        };
      });
      context.print({ deadLetters: rows, more }, `${table}${more ? '\nThere are more: see --limit.' : ''}`);
      return undefined;
    },
  },
  {
    name: 'webhooks replay',
    summary: 'Sends dead letters again, or everything that ended from a time on',
    args: [ID],
    options: [
      { flags: '--dead-letter <id>', means: 'this dead letter', repeats: true },
      { flags: '--dead-letters', means: 'all dead letters' },
      { flags: '--from <time>', means: 'what ended from this time on: 2027-01-31T09:00:00Z' },
    ],
    example: 'onepush webhooks replay whk_4f2c --dead-letters',
    json: { id: 'whk_4f2c', deadLetters: 3 },
    async run(context, input) {
      const [id, from, letters] = [input.required(0), input.time('from'), input.list('deadLetter')];
      const ways = [from !== undefined, letters.length > 0, input.flag('deadLetters')];
      if (ways.filter((isGiven) => isGiven).length !== 1) {
        throw new Failure('usage', 'give one of --dead-letter, --dead-letters and --from');
      }
      const { timestampFromDate } = await import('@bufbuild/protobuf/wkt');
      const client = await context.connect('either');
      const what =
        from === undefined
          ? { case: 'deadLetters' as const, value: { ids: [...letters] } }
          : { case: 'from' as const, value: timestampFromDate(from) };
      const { deadLetters } = await client.replayWebhook({ appId: requireApp(await context.target()), id, what });
      const text = from === undefined ? `${deadLetters} dead letters are sent again` : `from ${from.toISOString()} on`;
      context.print({ id, deadLetters }, `${id}  ${text}`);
      return undefined;
    },
  },
];

function eventsOf(input: Input): WebhookEvent[] {
  return input.list('event').map((word) => {
    const found = EVENTS.find((event) => event === word.toUpperCase());
    if (found === undefined) throw new Failure('usage', `--event must be one of ${EVENTS.join(', ')}`);
    return WebhookEvent[found];
  });
}

function toRow(webhook: Webhook) {
  return {
    id: webhook.id,
    name: webhook.name || undefined,
    url: webhook.url,
    events: webhook.events.map((event) => WebhookEvent[event] ?? 'UNSPECIFIED'),
    maxEvents: webhook.maxEvents,
    state: WebhookState[webhook.state] ?? 'UNSPECIFIED',
    reason: webhook.reason || undefined,
    createdAt: toIso(webhook.createdAt),
    disabledAt: toIso(webhook.disabledAt),
    failingSince: toIso(webhook.failingSince),
    nextAttemptAt: toIso(webhook.nextAttemptAt),
    oldestUntoldAt: toIso(webhook.oldestUntoldAt),
    deadLetters: webhook.deadLetters,
    missed: String(webhook.missed),
    oldSecretUntil: toIso(webhook.oldSecretUntil),
  };
}
