import type { TellerOptions } from './teller.js';

/** Counts since the start. */
export interface WebhookCounts {
  /** Requests by what they came to. */
  readonly requests: Record<'taken' | 'unreachable' | 'refused' | 'gone', number>;
  /** Events that back ends took, that became dead letters, and dead letters that had to go for newer ones. */
  readonly events: Record<'told' | 'dead' | 'dropped', number>;
}

/** States of all webhooks now. */
export interface WebhookStanding {
  /** Numbers of webhooks by state. */
  readonly states: Readonly<Record<'active' | 'failing' | 'disabled' | 'locked', number>>;
  /** Age of the oldest event that an enabled webhook was not told yet, in milliseconds; 0: none waits. */
  readonly lagMs: number;
}

/** Returns counts that are all 0, and what counts. */
export function createWebhookCounts(): {
  counts: WebhookCounts;
  observe: TellerOptions['observe'];
  dropped: (count: number) => void;
} {
  const counts: WebhookCounts = {
    requests: { taken: 0, unreachable: 0, refused: 0, gone: 0 },
    events: { told: 0, dead: 0, dropped: 0 },
  };
  return {
    counts,
    observe(outcome, events) {
      if (outcome === 'dead') counts.events.dead += events;
      else counts.requests[outcome]++;
      if (outcome === 'taken') counts.events.told += events;
    },
    dropped(count) {
      counts.events.dropped += count;
    },
  };
}
