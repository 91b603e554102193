import type { Reach } from './audience.js';
import type { PushContent, PushHeader } from './push.js';

/**
 * Whether there is something left to push; done: all of it was pushed, or its time was over before; failed: the rest
 * cannot be.
 */
export type JobState = 'open' | 'done' | 'cancelled' | 'failed';

/** What a job is to push. */
export interface JobSpec {
  header: PushHeader;
  /** Undefined once nothing is left to be pushed. */
  work?: { content: PushContent; reach: Reach } | undefined;
  /** Why it has failed, for people. */
  failure?: string | undefined;
}

/** A push that is made later, or in parts. */
export interface Job {
  /** What its caller knows it by; its parts have ids of their own. */
  id: number;
  appNum: number;
  /** When it begins: `createdAt` where it was not scheduled. */
  dueAt: number;
  createdAt: number;
  /** When all of its parts end for whoever has not got them. */
  expiresAt: number;
  spec: JobSpec;
}

/** A job that has something left to push. */
export interface OpenJob {
  id: number;
  appNum: number;
  expiresAt: number;
  /** Its devices up to this number have been pushed to. */
  after: number;
  header: PushHeader;
  content: PushContent;
  reach: Reach;
}

/** What one part of a job has done to it once it is committed. */
export interface JobStep {
  id: number;
  /** The part is the first after this device; it is refused if another part was. */
  from: number;
  /** The last device of the part. */
  after: number;
  /** It is the last part. */
  done: boolean;
}
