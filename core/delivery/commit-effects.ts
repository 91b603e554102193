import type { AdminToken } from '../domain/access.js';
import type { Device } from '../domain/device.js';
import type { DeliveryState } from '../domain/receipt.js';
import type {
  DeliveryOf,
  NewPush,
  NewRegistration,
  Registered,
  RemovedTopic,
  Replaced,
  Rotated,
  StoredChannel,
  StoredWebhook,
} from '../store/store.js';

/**
 * One consequence of a commit, for whoever keeps something in memory that the commit has changed. Effects are handed on
 * in the order of the commits, before their callers are answered. A commit that was in doubt has its effects as soon as
 * it is known.
 */
export type CommitEffect =
  /** Pushes. `current`: what of them has not ended with their own commit. */
  | { readonly kind: 'pushed'; readonly pushes: readonly NewPush[]; readonly current: readonly NewPush[] }
  /** Deliveries that have ended because of the pushes that are handed on next. */
  | { readonly kind: 'replaced'; readonly replaced: Replaced }
  /** Deliveries that have ended, and that an edge may still be sending again. */
  | { readonly kind: 'withdrawn'; readonly deliveries: readonly DeliveryOf[] }
  | { readonly kind: 'recalled'; readonly pushId: number }
  /** Deliveries of what was read on another device of the user; delivered ones too. */
  | { readonly kind: 'cleared'; readonly deliveries: readonly DeliveryOf[] }
  /** A registration or an update, also one that changes nothing. */
  | { readonly kind: 'registered'; readonly result: Registered; readonly registration: NewRegistration }
  /** A device has unregistered, or is gone: it had unregistered before, or was not seen for long. */
  | { readonly kind: 'unregistered'; readonly device: Device & { alias: string } }
  /** Topics that are gone: their tags may get other ones. */
  | { readonly kind: 'topicsRemoved'; readonly topics: readonly RemovedTopic[] }
  | { readonly kind: 'rotated'; readonly rotated: Rotated }
  /** A job that is there, or may be. `dueAt`: milliseconds since the epoch. */
  | { readonly kind: 'scheduled'; readonly dueAt: number }
  | { readonly kind: 'appChanged'; readonly id: string }
  | { readonly kind: 'adminTokenAdded'; readonly token: AdminToken }
  | { readonly kind: 'adminTokenRemoved'; readonly num: number }
  | { readonly kind: 'channelSet'; readonly channel: StoredChannel }
  | { readonly kind: 'channelRemoved'; readonly num: number }
  | { readonly kind: 'contentHidden'; readonly appNum: number; readonly hides: boolean }
  | { readonly kind: 'webhookSet'; readonly webhook: StoredWebhook }
  | { readonly kind: 'webhookRemoved'; readonly num: number }
  /** Dead letters of a webhook are to be sent again. */
  | { readonly kind: 'webhookReplayed'; readonly num: number };

/** Takes the effects of commits. Must not throw. */
export type OnCommit = (effect: CommitEffect) => void;

/** Parts of the core that keep in memory what commits change. */
export interface CommitFollowers {
  /** Caches of apps, devices and topics. */
  readonly registry: {
    registered(result: Registered, appNum: number, tags: readonly string[]): void;
    unregistered(device: Device & { alias: string }): void;
    rotated(rotated: Rotated): void;
    appChanged(id: string): void;
    topicsRemoved(topics: readonly RemovedTopic[]): void;
  };
  /** The count of apps that anybody can register devices of. */
  readonly openApps: { refresh(): void };
  /** Tokens of admins. */
  readonly admins: { added(token: AdminToken): void; removed(num: number): void };
  /** Open sessions, and what edges keep for them. */
  readonly sessions: {
    pushed(pushes: readonly NewPush[]): void;
    recalled(pushId: number): void;
    withdrawn(deliveries: readonly DeliveryOf[]): void;
    cleared(deliveries: readonly DeliveryOf[]): void;
    registered(result: Registered, registration: NewRegistration): void;
    unregistered(device: Device): void;
    rotated(rotated: Rotated): void;
  };
  /** Sizes of inboxes. */
  readonly limits: { pushed(pushes: readonly NewPush[]): void };
  /** Counts of what was accepted and recalled. */
  readonly metrics: { pushed(pushes: readonly NewPush[]): void; recalled(): void };
  /** Spans of deliveries; undefined: pushes are not traced. */
  readonly traces?:
    | {
        recalled(pushId: number): void;
        ended(deliveries: readonly DeliveryOf[], state: DeliveryState): void;
        unregistered(deviceNum: number): void;
      }
    | undefined;
  /** Wakes of devices without a session. */
  readonly waking: {
    pushed(pushes: readonly NewPush[]): void;
    credentialSet(): void;
    tokenSet(device: Device): void;
  };
  /** The runner of jobs, which sleeps until one is due. */
  readonly jobs: { wake(dueAt: number): void };
  /** Credentials of vendors. */
  readonly channels: {
    set(channel: StoredChannel): void;
    removed(num: number): void;
    setHidesContent(appNum: number, hides: boolean): void;
  };
  /** Back ends that are told of receipts. */
  readonly webhooks: {
    set(webhook: StoredWebhook): void;
    removed(num: number): void;
    replayed(num: number): void;
    appChanged(id: string): void;
  };
}

/** Returns what hands effects to all that follow them: to what is cached before it comes to sessions. */
export function createCommitEffects(followers: CommitFollowers): OnCommit {
  return (effect) => {
    const { registry, admins, openApps, sessions, limits, metrics, jobs, waking, channels, webhooks } = followers;
    const { traces } = followers;
    switch (effect.kind) {
      case 'pushed':
        metrics.pushed(effect.pushes);
        limits.pushed(effect.pushes);
        sessions.pushed(effect.current);
        return waking.pushed(effect.current);
      case 'replaced': {
        const { deliveries, topicPushes } = effect.replaced;
        traces?.ended(deliveries, 'replaced');
        for (const pushId of topicPushes) sessions.recalled(pushId);
        return sessions.withdrawn(deliveries);
      }
      case 'withdrawn':
        traces?.ended(effect.deliveries, 'evicted');
        return sessions.withdrawn(effect.deliveries);
      case 'cleared':
        traces?.ended(effect.deliveries, 'cleared');
        return sessions.cleared(effect.deliveries);
      case 'recalled':
        metrics.recalled();
        traces?.recalled(effect.pushId);
        return sessions.recalled(effect.pushId);
      case 'registered': {
        const { result, registration } = effect;
        registry.registered(result, registration.appNum, registration.tags);
        sessions.registered(result, registration);
        return registration.push ? waking.tokenSet(result.device) : undefined;
      }
      case 'unregistered':
        registry.unregistered(effect.device);
        traces?.unregistered(effect.device.num);
        return sessions.unregistered(effect.device);
      case 'topicsRemoved':
        return registry.topicsRemoved(effect.topics);
      case 'rotated':
        registry.rotated(effect.rotated);
        return sessions.rotated(effect.rotated);
      case 'scheduled':
        return jobs.wake(effect.dueAt);
      case 'appChanged':
        registry.appChanged(effect.id);
        webhooks.appChanged(effect.id);
        return openApps.refresh();
      case 'adminTokenAdded':
        return admins.added(effect.token);
      case 'adminTokenRemoved':
        return admins.removed(effect.num);
      case 'channelSet':
        channels.set(effect.channel);
        return waking.credentialSet();
      case 'channelRemoved':
        return channels.removed(effect.num);
      case 'contentHidden':
        return channels.setHidesContent(effect.appNum, effect.hides);
      case 'webhookSet':
        return webhooks.set(effect.webhook);
      case 'webhookRemoved':
        return webhooks.removed(effect.num);
      case 'webhookReplayed':
        return webhooks.replayed(effect.num);
    }
  };
}
