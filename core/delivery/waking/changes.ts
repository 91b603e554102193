import type { DueWake, FinalWakeState, RefusedToken, Wake, WakeChanges } from '../../store/store.js';

/** A change of one wake, to be kept. */
export type WakeChange =
  /** It has a final state. */
  | { readonly kind: 'settle'; readonly state: FinalWakeState; readonly reason: string | undefined }
  /** It is due again at that time. `doubt`: the outcome of its attempt is not known. */
  | { readonly kind: 'wait'; readonly dueAt: number; readonly reason: string | undefined; readonly doubt: boolean }
  /** The device is online: as if it had not been planned. The end of the session plans it again. */
  | { readonly kind: 'drop' }
  /** The vendor does not take its token. */
  | ({ readonly kind: 'refuse' } & RefusedToken);

/** The part of a commit that is no claim. */
export type KeptChanges = Pick<WakeChanges, 'settled' | 'postponed' | 'dropped' | 'refusedTokens'>;

/** Changes that gather until the next commit. */
export interface GatheredChanges {
  /** Adds the change of a wake. */
  add(wake: DueWake, change: WakeChange): void;
  /** Takes all of them. */
  take(): KeptChanges;
  /** Takes back what could not be kept. */
  putBack(changes: KeptChanges): void;
  /** Number of changes. */
  size(): number;
}

/** Returns no changes. */
export function createGatheredChanges(): GatheredChanges {
  let settled: WakeChanges['settled'][number][] = [];
  let postponed: WakeChanges['postponed'][number][] = [];
  let dropped: Wake[] = [];
  let refusedTokens: WakeChanges['refusedTokens'][number][] = [];

  return {
    add(wake, change) {
      const key = keyOf(wake);
      switch (change.kind) {
        case 'settle':
          settled.push({ ...key, state: change.state, reason: change.reason });
          return;
        case 'wait':
          postponed.push({
            ...key,
            dueAt: Math.ceil(change.dueAt),
            reason: change.reason,
            // That of what a crash left under way is kept with this.
            doubts: wake.doubts + (change.doubt ? 1 : 0),
          });
          return;
        case 'drop':
          dropped.push(key);
          return;
        case 'refuse': {
          const { kind: _, ...refused } = change;
          refusedTokens.push({ ...key, ...refused });
        }
      }
    },
    take() {
      const changes = { settled, postponed, dropped, refusedTokens };
      [settled, postponed, dropped, refusedTokens] = [[], [], [], []];
      return changes;
    },
    putBack(changes) {
      settled = [...changes.settled, ...settled];
      postponed = [...changes.postponed, ...postponed];
      dropped = [...changes.dropped, ...dropped];
      refusedTokens = [...changes.refusedTokens, ...refusedTokens];
    },
    size: () => settled.length + postponed.length + dropped.length + refusedTokens.length,
  };
}

/** Returns what names a wake. */
export function keyOf({ pushId, deviceNum, channel }: Wake): Wake {
  return { pushId, deviceNum, channel };
}

/** Returns the same as one text. */
export function nameOf({ pushId, deviceNum, channel }: Wake): string {
  return `${pushId}:${deviceNum}:${channel}`;
}
