import type { App } from '../../core/domain/app.js';
import type { NewWebhook, StoredWebhook, WebhookProgress } from '../../core/store/store.js';
import { NOW, nextNumber } from './samples.js';

/** A webhook that is to be stored. */
export function newWebhook({ num }: App, given: Partial<NewWebhook> = {}): NewWebhook {
  return {
    id: `whk_${nextNumber()}`,
    appNum: num,
    name: 'orders',
    url: 'https://hooks.example.com/path',
    events: 'both',
    maxEvents: 100,
    secrets: '1.AAAA',
    keyId: 'key-1',
    createdAt: NOW,
    ...given,
  };
}

/** Progress of a webhook, which changes nothing but what is given. */
export function progressOf(webhook: StoredWebhook, given: Partial<WebhookProgress> = {}): WebhookProgress {
  const { num, position, rewinds, failingSince, reason, disabledAt } = webhook;
  return {
    num,
    position,
    rewinds,
    failingSince,
    reason,
    disabledAt,
    dead: [],
    taken: [],
    refused: [],
    ...given,
  };
}

/** An event that was refused. */
export function deadLetter(event = '{"id":"evt_1"}'): WebhookProgress['dead'][number] {
  return { event, reason: 'http_500', attempts: 5, failedAt: NOW };
}
