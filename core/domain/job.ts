import type { Reach } from './audience.js';
import type { PushContent, PushHeader } from './push.js';

/** The state of a job. `done`: all of it was pushed, or its time was over before. */
export type JobState = 'open' | 'done' | 'cancelled' | 'failed';

/** The push of a job. */
export interface JobSpec {
  /** The part of the push that says how it is handled. */
  header: PushHeader;
  /** Undefined once nothing is left to be pushed. */
  work?: { content: PushContent; reach: Reach } | undefined;
  /** Reason of its failure, for people. */
  failure?: string | undefined;
}

/** A push that is made later, or in parts. */
export interface Job {
  /** The id by which its caller knows it; its parts have ids of their own. */
  id: number;
  /** The app's number. */
  appNum: number;
  /** Time at which it begins, in milliseconds since the epoch: `createdAt` where it was not scheduled. */
  dueAt: number;
  /** Time of its acceptance, in milliseconds since the epoch. */
  createdAt: number;
  /** Time at which all of its parts end for whoever has not got them. */
  expiresAt: number;
  /** The push that it makes. */
  spec: JobSpec;
}

/** A job that has something left to push. */
export interface OpenJob {
  /** The id of the job. */
  id: number;
  /** The app's number. */
  appNum: number;
  /** Time at which its parts end, in milliseconds since the epoch. */
  expiresAt: number;
  /** Its devices up to this number have been pushed to. */
  after: number;
  /** The part of the push that says how it is handled. */
  header: PushHeader;
  /** The part of the push that devices get. */
  content: PushContent;
  /** The way to its audience. */
  reach: Reach;
}

/** The progress of a job by one committed part. */
export interface JobStep {
  /** The id of the job. */
  id: number;
  /** The part is the first after this device; it is refused if another part was. */
  from: number;
  /** The last device of the part. */
  after: number;
  /** It is the last part. */
  done: boolean;
}
