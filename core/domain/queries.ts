import type { Platform } from './device.js';
import type { Push, PushContent } from './push.js';
import type { Ending } from './receipt.js';
import type { ReceiptPosition } from './receipt-position.js';

/** What has become of a push: of all its parts, where it was made in parts. */
export interface PushReport extends Omit<Push, 'content' | 'appId'> {
  collapseKey: string;
  /** Undefined once it is erased. */
  content: PushContent | undefined;
  /** The first 1000 ids of its messages. */
  messageIds: readonly number[];
  /** Whether it went to topics. */
  topic: boolean;
  /** Of a topic push: to how many live sessions. */
  published: number;
  /** How many deliveries wait, and how many have ended how: from one moment. */
  counts: Record<Ending | 'pending', number>;
}

/** A registered device as its app sees it. */
export interface DeviceDetails {
  num: number;
  id: string;
  alias: string;
  platform: Platform;
  tags: readonly string[];
  /** Null: none. */
  mobile: string | null;
  /** Milliseconds since the epoch. */
  registeredAt: number;
}

/** How one delivery ended. */
export interface ReceiptEntry {
  position: ReceiptPosition;
  appNum: number;
  /** What the caller of the push knows it by. */
  requestId: number;
  deviceId: string;
  /** The device's user now; empty once it has unregistered. */
  alias: string;
  ending: Ending;
  endedAt: number;
}

/** Questions of apps. Each answers from what is committed, and costs a fixed number of statements. */
export interface Queries {
  /** Undefined: the app has no such push. Counts as many rows as it has deliveries. */
  findPushReport(id: number, appNum: number): Promise<PushReport | undefined>;
  /** Receipts of all apps after a position, in their order, at the most `limit` (up to 900). */
  readReceipts(after: ReceiptPosition, limit: number): Promise<ReceiptEntry[]>;
  /** The position behind the last receipt; before every receipt if there is none. */
  lastReceipt(): Promise<ReceiptPosition>;
  /** Registered devices by their number, after `after`, at the most `limit`. */
  listDevices(by: DeviceFilter, after: number, limit: number): Promise<DeviceDetails[]>;
}

/** Devices of a user, or those that are on a topic now. */
export type DeviceFilter = { kind: 'alias'; appNum: number; alias: string } | { kind: 'topic'; topicNum: number };
