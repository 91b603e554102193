import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type DeadLetterSchema,
  type WebhookSchema,
  WebhookEvent as WireEvent,
  WebhookState as WireState,
} from '../../../gen/onepush/v1/webhook_pb.js';
import type { WebhookStatus } from '../../delivery/webhooks/webhooks.js';
import type { DeadLetter, Webhook, WebhookEvents } from '../../domain/webhook.js';

const WIRE_EVENTS: Record<WebhookEvents, readonly WireEvent[]> = {
  receipts: [WireEvent.RECEIPTS],
  wakes: [WireEvent.WAKES],
  both: [WireEvent.RECEIPTS, WireEvent.WAKES],
};

/** Returns what a webhook tells of; undefined: nothing is named. */
export function fromWireEvents(events: readonly WireEvent[]): WebhookEvents | undefined {
  const [receipts, wakes] = [events.includes(WireEvent.RECEIPTS), events.includes(WireEvent.WAKES)];
  if (receipts && wakes) return 'both';
  if (receipts) return 'receipts';
  return wakes ? 'wakes' : undefined;
}

/** @param isWhole whether the caller may see all of the address, of which the path may be a secret */
export function toWireWebhook(
  webhook: Webhook,
  status: WebhookStatus,
  deadLetters: number,
  isWhole: boolean,
): MessageInitShape<typeof WebhookSchema> {
  const { id, name, url, events, maxEvents, createdAt, disabledAt, failingSince, missed } = webhook;
  const state = stateOf(webhook, status);
  return {
    id,
    name,
    url: isWhole ? url : new URL(url).origin,
    events: [...WIRE_EVENTS[events]],
    maxEvents,
    state,
    reason: reasonOf(webhook, state),
    createdAt: timestampFromMs(createdAt),
    deadLetters,
    missed: BigInt(missed),
    ...timeOf('disabledAt', disabledAt),
    ...timeOf('failingSince', failingSince),
    ...timeOf('nextAttemptAt', status.nextAttemptAt),
    ...timeOf('oldestUntoldAt', status.oldestUntoldAt),
    ...timeOf('oldSecretUntil', status.oldSecretUntil),
  };
}

function timeOf<K extends string>(field: K, time: number | null | undefined) {
  return time === null || time === undefined ? {} : { [field]: timestampFromMs(time) };
}

function stateOf({ disabledAt, failingSince }: Webhook, { isLocked }: WebhookStatus): WireState {
  if (disabledAt !== null) return WireState.DISABLED;
  if (isLocked) return WireState.LOCKED;
  return failingSince === null ? WireState.ACTIVE : WireState.FAILING;
}

function reasonOf({ reason }: Webhook, state: WireState): string {
  if (state === WireState.ACTIVE) return '';
  return state === WireState.LOCKED ? 'wrong_key' : (reason ?? '');
}

/** Returns the id by which callers know a dead letter. */
function toDeadLetterId(num: number): string {
  return `d${num}`;
}

/** Returns the number of a dead letter; undefined if this cannot be the id of one. */
export function parseDeadLetterId(id: string): number | undefined {
  const digits = /^d([1-9]\d{0,14})$/.exec(id)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Returns a dead letter as callers see it. */
export function toWireDeadLetter(letter: DeadLetter): MessageInitShape<typeof DeadLetterSchema> {
  const { num, event, reason, attempts, failedAt, replaying } = letter;
  return {
    id: toDeadLetterId(num),
    eventJson: event,
    reason,
    attempts,
    time: timestampFromMs(failedAt),
    replaying,
  };
}
