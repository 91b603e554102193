import type { Device } from '../domain/device.js';
import type { Push } from '../domain/push.js';
import type { DeliveryOf, NewRegistration, Registered } from '../store/store.js';

/**
 * What the cores of one store share, to find each other's sessions. It carries hints and no truth: deliveries stay in the inboxes and
 * topic pushes on their timelines, whatever becomes of what is said here.
 *
 * Guarantees:
 * - What one core says arrives at each other core in the order in which it was said; what several say, in any order.
 * - It may arrive twice.
 * - It may be lost. Then the listener is told `missed` before anything that was said later, and looks into the store.
 * - It arrives in a later turn of the loop, never within the call that said it.
 * - No call fails or waits for another core, but for those that return a promise.
 */
export interface Engine {
  /** Makes a core one of those that are joined, with a number that no other of them has. */
  join(): Promise<EngineMember>;
}

/** One core's end of the engine. */
export interface EngineMember {
  /** The core's number, from 0. */
  readonly core: number;
  /** Whether another core has joined. Hot: asked for every batch of pushes. */
  hasOthers(): boolean;
  /** From now on what others say arrives; what they said before does not. Called once, before the core has sessions or caches. */
  listen(listener: EngineListener): void;
  /** Sessions of this core. The last bind of a device counts: the core that had it before is told `superseded`. */
  bind(sessions: readonly BoundSession[]): void;
  /** Ends routes; one that a later bind has replaced stays as it is. */
  unbind(sessions: readonly BoundSession[]): void;
  /** The cores that have the sessions of devices, by device; a device without a session is absent. Rejects if that cannot be known now. */
  findRoutes(deviceNums: readonly number[]): Promise<Map<number, number>>;
  /** Tells a core that something new is in the inboxes of devices whose sessions it has. */
  hint(core: number, deviceNums: readonly number[]): void;
  /** Tells all other cores of a committed topic push. */
  publish(publication: TopicPush): void;
  /** Tells all other cores of what has changed. */
  announce(change: Change): void;
  /** Ends the routes of this core, and gives its number back. */
  leave(): Promise<void>;
}

/** What a core is told of the others. */
export interface EngineListener {
  /** Devices have newer sessions on other cores. */
  superseded(sessions: readonly BoundSession[]): void;
  hinted(deviceNums: readonly number[]): void;
  published(publication: TopicPush): void;
  changed(change: Change): void;
  /** Anything may have been lost. */
  missed(): void;
}

/** A session of a core: the generation tells apart those of one device on that core. */
export interface BoundSession {
  deviceNum: number;
  generation: number;
}

export interface TopicPush {
  push: Push;
  topicNums: readonly number[];
}

/** What cores keep in memory and another core has changed in the store. */
export type Change =
  | { kind: 'registered'; result: Registered; registration: NewRegistration }
  | { kind: 'unregistered'; device: Device & { alias: string } }
  | { kind: 'app'; id: string }
  | { kind: 'recalled'; pushId: number }
  /** Deliveries have ended that an edge may still be sending again. */
  | { kind: 'withdrawn'; deliveries: readonly DeliveryOf[] }
  /** A commit has failed that may have taken place all the same. */
  | { kind: 'uncertain' };
