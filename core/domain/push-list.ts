import type { JobState } from './job.js';
import type { Priority, Push } from './push.js';

/** The state of a push by now. */
export type PushState = 'scheduled' | 'running' | 'sent' | 'expired' | 'recalled' | 'failed';

/** Kinds of what pushes go to; `unknown`: nothing was made of it yet, or is left. */
export type PushReach = 'devices' | 'topics' | 'unknown';

/** A push in a list. */
export interface PushSummary
  extends Pick<Push, 'id' | 'platform' | 'tenantCode' | 'msgType' | 'needConfirm' | 'createdAt' | 'expiresAt'> {
  /** Its priority. */
  priority: Priority;
  /** The state by the time of the question. */
  state: PushState;
  /** The kind of its audience. */
  reach: PushReach;
  /** Time for which it was scheduled, in milliseconds since the epoch; undefined: it was not. */
  sendAt: number | undefined;
  /** To how many devices it went; of a push to topics: how many sessions received it. */
  devices: number;
  /** The beginning of its text; undefined: it is erased, or made in parts. */
  alert: string | undefined;
}

/** The pushes that are asked for. Undefined: any. */
export interface PushFilter {
  /** The app's number. */
  appNum: number;
  /** In this state. */
  state: PushState | undefined;
  /** Of this kind. */
  reach: PushReach | undefined;
  /** With this label; empty: with none. */
  tenantCode: string | undefined;
  /** Accepted from this time on, in milliseconds since the epoch. */
  from: number | undefined;
  /**
   * Accepted before this time. While a clock that has stepped back catches up, a push counts as accepted a second
   * before its id, so that no time that is asked for has it twice, or never.
   */
  until: number | undefined;
}

/** A part of a list of pushes. */
export interface PushListPage {
  /** The pushes of this part. */
  pushes: PushSummary[];
  /** The push before which it goes on; undefined: it does not. */
  next: number | undefined;
}

/**
 * Returns the state of a push by a time.
 *
 * @param now milliseconds since the epoch
 */
export function stateOfPush(
  push: { recalled: boolean; expiresAt: number; job: { state: JobState; dueAt: number } | undefined },
  now: number,
): PushState {
  const { recalled, expiresAt, job } = push;
  if (recalled) return 'recalled';
  if (job?.state === 'failed') return 'failed';
  if (expiresAt <= now) return 'expired';
  if (job?.state === 'open') return job.dueAt > now ? 'scheduled' : 'running';
  return 'sent';
}
