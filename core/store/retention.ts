import type { Device, DeviceSelection } from '../domain/device.js';

/**
 * The next step of a walk through a table: numbers after `after`, of which it looks at about `limit`. `through` of an
 * answer is the number up to which it has looked; undefined: there are no more.
 */
export interface WalkStep {
  readonly after: number;
  readonly limit: number;
}

/** Look-ups of what nobody needs any more. None of them locks anything: what they find is looked at again. */
export interface RetentionReader {
  /** Devices that have neither registered, unregistered nor been seen after `seenBefore`. */
  findUnseen(step: WalkStep, seenBefore: number): Promise<{ devices: UnseenDevice[]; through: number | undefined }>;
  /** Tags that no device has or had, and that no push is on. */
  findUnusedTopics(step: WalkStep): Promise<{ nums: number[]; through: number | undefined }>;
  /** Devices that have a cursor, and are not registered. */
  findLooseCursors(step: WalkStep): Promise<{ nums: number[]; through: number | undefined }>;
  /** Keys of apps that ended before a time. */
  findEndedKeys(step: WalkStep, endedBefore: number): Promise<{ nums: number[]; through: number | undefined }>;
  /** Registered devices of an app that a selection is for. */
  findSelected(
    selection: DeviceSelection,
    step: WalkStep,
  ): Promise<{ devices: Pick<Device, 'num' | 'id'>[]; through: number | undefined }>;
}

/** Commits that remove what nobody needs any more: each is one transaction, and looks again whether that is so. */
export interface RetentionWriter {
  /** Notes that devices have, or had, a session. */
  commitSeen(deviceNums: readonly number[], now: number): Promise<void>;
  /**
   * Removes devices that were neither registered nor seen after `seenBefore`, with all that is theirs but their
   * receipts. Answers those that are gone.
   */
  commitDeviceRemovals(removal: DeviceRemoval): Promise<(Device & { alias: string })[]>;
  /** Removes topics that have neither devices nor pushes. Answers those that are gone. */
  commitTopicRemovals(nums: readonly number[]): Promise<RemovedTopic[]>;
  /** Removes cursors of devices that are not registered. Answers how many. */
  commitCursorRemovals(deviceNums: readonly number[]): Promise<number>;
  /** Removes keys of apps that ended before a time. Answers how many. */
  commitKeyRemovals(nums: readonly number[], endedBefore: number): Promise<number>;
}

/** A device that was not seen for long. */
export interface UnseenDevice {
  /** The device's number. */
  readonly num: number;
  /** Time of the last that is known of it, in milliseconds since the epoch; undefined: that was not kept. */
  readonly lastAt: number | undefined;
}

/** An order to remove devices. */
export interface DeviceRemoval {
  readonly deviceNums: readonly number[];
  readonly seenBefore: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A topic that is gone. */
export interface RemovedTopic {
  readonly num: number;
  readonly appNum: number;
  readonly tag: string;
}
