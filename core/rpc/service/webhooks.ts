import { randomBytes } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { OnePushError } from '../../../common/errors.js';
import {
  CreateWebhookResponseSchema,
  DeleteWebhookResponseSchema,
  ListDeadLettersResponseSchema,
  ListWebhooksResponseSchema,
  ReplayWebhookResponseSchema,
  RotateWebhookSecretResponseSchema,
  TestWebhookResponseSchema,
  UpdateWebhookResponseSchema,
} from '../../../gen/onepush/v1/webhook_pb.js';
import { firstIdAt } from '../../domain/id-clock.js';
import { OLDEST } from '../../domain/receipt-position.js';
import { EVENTS_PER_REQUEST, type Webhook } from '../../domain/webhook.js';
import { fromWireEvents, parseDeadLetterId, toWireDeadLetter, toWireWebhook } from '../wire/webhook.js';
import { type Caller, ownedApp } from './caller.js';
import type { PushCoreHandlers, ServiceParts } from './handlers.js';
import { pageLimit, parsePageToken, toToken } from './page-tokens.js';

const DISABLED = 'disabled_by_caller';

/** The methods about back ends that are told of receipts. */
export function createWebhookHandlers({
  registry,
  cycle,
  webhooks,
  webhookReports,
}: Pick<ServiceParts, 'registry' | 'cycle' | 'webhooks' | 'webhookReports'>): Pick<
  PushCoreHandlers,
  | 'createWebhook'
  | 'listWebhooks'
  | 'updateWebhook'
  | 'deleteWebhook'
  | 'rotateWebhookSecret'
  | 'testWebhook'
  | 'listDeadLetters'
  | 'replayWebhook'
> {
  const { commands } = cycle;

  /** @throws OnePushError UNKNOWN_APP, WRONG_APP_KEY, UNKNOWN_WEBHOOK */
  async function getWebhook(caller: Caller, appId: string, id: string): Promise<Webhook> {
    const { num } = await ownedApp(registry, caller, appId);
    const webhook = webhooks.find(num, id);
    if (webhook === undefined) throw new OnePushError('UNKNOWN_WEBHOOK');
    return webhook;
  }

  function toWire(webhook: Webhook, deadLetters: number, isWhole = true) {
    return toWireWebhook(webhook, webhooks.statusOf(webhook.num), deadLetters, isWhole);
  }

  function checkUrl(url: string): void {
    if (webhooks.allowsUrl(url)) return;
    const rule = 'must be an https address of the internet without a user name, or of a host of ONEPUSH_WEBHOOK_HOSTS';
    throw new OnePushError('INVALID_FIELDS', { violations: [{ field: 'url', rule }] });
  }

  /** Each begins with the secrets that the one before has made: otherwise one of two at once would never sign. */
  let lastRotation: Promise<unknown> = Promise.resolve();
  const rotate: PushCoreHandlers['rotateWebhookSecret'] = async ({ appId, id }, { caller, trail }) => {
    const { num, appNum } = await getWebhook(caller, appId, id);
    const rotated = webhooks.rotate(num);
    if (rotated === undefined) throw new OnePushError('NO_SECRET_KEY');
    const { secret, oldUntil, sealed } = rotated;
    const entry = trail.entry({ appId, target: id });
    const changed = await cycle.execute(commands.changeWebhook, { num, appNum, set: sealed }, entry);
    if (changed === undefined) throw new OnePushError('UNKNOWN_WEBHOOK');
    return create(RotateWebhookSecretResponseSchema, { secret, oldSecretUntil: timestampFromMs(oldUntil) });
  };

  return {
    async createWebhook({ appId, name, url, events, maxEvents }, { caller, trail }) {
      const { num: appNum } = await ownedApp(registry, caller, appId);
      checkUrl(url);
      if (!webhooks.secrets.canSeal()) throw new OnePushError('NO_SECRET_KEY');
      const id = `whk_${randomBytes(12).toString('hex')}`;
      const { secret, sealed } = webhooks.secrets.make(id);
      const webhook = await cycle.execute(
        commands.createWebhook,
        {
          id,
          appNum,
          name,
          url,
          events: fromWireEvents(events) ?? 'both',
          maxEvents: maxEvents || EVENTS_PER_REQUEST.usual,
          ...sealed,
        },
        trail.entry({ appId, target: id }),
      );
      return create(CreateWebhookResponseSchema, { webhook: toWire(webhook, 0), secret });
    },

    async listWebhooks({ appId }, { caller }) {
      const { num } = await ownedApp(registry, caller, appId);
      const isWhole = caller.kind !== 'app' || caller.scope === 'manage';
      const found = await webhookReports.listWebhooks(num);
      return create(ListWebhooksResponseSchema, {
        webhooks: found.map((webhook) => toWire(webhook, webhook.deadLetters, isWhole)),
      });
    },

    async updateWebhook({ appId, id, name, url, events, maxEvents, enabled }, { caller, trail }) {
      const { num, appNum } = await getWebhook(caller, appId, id);
      if (url !== undefined) checkUrl(url);
      const told = fromWireEvents(events);
      const set = {
        ...(name !== undefined && { name }),
        ...(url !== undefined && { url }),
        ...(told !== undefined && { events: told }),
        ...(maxEvents !== 0 && { maxEvents }),
        ...(enabled === true && { disabled: null }),
        ...(enabled === false && { disabled: { at: Date.now(), reason: DISABLED } }),
      };
      const entry = trail.entry({ appId, target: id });
      const changed = await cycle.execute(commands.changeWebhook, { num, appNum, set }, entry);
      if (changed === undefined) throw new OnePushError('UNKNOWN_WEBHOOK');
      const counted = (await webhookReports.listWebhooks(appNum)).find((each) => each.num === num);
      return create(UpdateWebhookResponseSchema, { webhook: toWire(changed, counted?.deadLetters ?? 0) });
    },

    async deleteWebhook({ appId, id }, { caller, trail }) {
      const { num, appNum } = await getWebhook(caller, appId, id);
      const entry = trail.entry({ appId, target: id });
      const isRemoved = await cycle.execute(commands.removeWebhook, { num, appNum }, entry);
      if (!isRemoved) throw new OnePushError('UNKNOWN_WEBHOOK');
      return create(DeleteWebhookResponseSchema);
    },

    rotateWebhookSecret(request, context) {
      const rotation = lastRotation.then(() => rotate(request, context));
      lastRotation = rotation.catch(() => {});
      return rotation;
    },

    async testWebhook({ appId, id }, { caller }) {
      const { num } = await getWebhook(caller, appId, id);
      const begun = performance.now();
      const { status, reason } = await webhooks.test(num);
      const milliseconds = Math.ceil(performance.now() - begun);
      return create(TestWebhookResponseSchema, { status, reason, milliseconds });
    },

    async listDeadLetters({ appId, webhookId, pageSize, pageToken }, { caller }) {
      const { num } = await getWebhook(caller, appId, webhookId);
      const listing = `dead letters ${webhookId}`;
      const [before = Number.MAX_SAFE_INTEGER] = parsePageToken(listing, pageToken) ?? [];
      const limit = pageLimit(pageSize);
      const letters = await webhookReports.listDeadLetters(num, before, limit);
      const last = letters.length < limit ? undefined : letters.at(-1);
      return create(ListDeadLettersResponseSchema, {
        deadLetters: letters.map(toWireDeadLetter),
        nextPageToken: last === undefined ? '' : toToken(listing, [last.num]),
      });
    },

    async replayWebhook({ appId, id, what }, { caller, trail }) {
      const { num, appNum } = await getWebhook(caller, appId, id);
      if (what.case === 'from') {
        // It is not set on, and there is nothing of before.
        const from = Math.min(Math.max(0, timestampMs(what.value)), Date.now());
        const rewindTo = { ...OLDEST, seq: Math.max(0, firstIdAt(from) - 1) };
        const entry = trail.entry({ appId, target: `${id} from ${new Date(from).toISOString()}` });
        const changed = await cycle.execute(commands.changeWebhook, { num, appNum, set: { rewindTo } }, entry);
        if (changed === undefined) throw new OnePushError('UNKNOWN_WEBHOOK');
        return create(ReplayWebhookResponseSchema);
      }
      const ids = what.value?.ids ?? [];
      const nums = ids.length === 0 ? undefined : ids.flatMap((each) => parseDeadLetterId(each) ?? []);
      const entry = trail.entry({ appId, target: `${id} dead letters` });
      const deadLetters = await cycle.execute(commands.replayDeadLetters, { num, appNum, nums }, entry);
      if (deadLetters === undefined) throw new OnePushError('UNKNOWN_WEBHOOK');
      return create(ReplayWebhookResponseSchema, { deadLetters });
    },
  };
}
