import { newDeviceId } from '../../../common/secrets.js';
import type { IdClock } from '../../domain/id-clock.js';
import type { Job } from '../../domain/job.js';
import type { QuietChange } from '../../domain/quiet-hours.js';
import type {
  AppState,
  DeviceUpdate,
  Eviction,
  IdempotencyKey,
  JobCancellation,
  JobFailure,
  KeyRotation,
  NewApp,
  NewJob,
  NewRegistration,
  PlannedWakes,
  Recall,
  Recalled,
  Refusal,
  Registered,
  StoreWriter,
  Sweep,
  Swept,
  Updated,
  Wake,
  WakeChanges,
  WakePlan,
  WakeRecovery,
  WakesRecovered,
  WalkedPage,
} from '../../store/store.js';
import type { OnCommit } from '../commit-effects.js';
import { type AccessCommands, createAccessCommands } from './access-commands.js';
import { type CallerCommands, createCallerCommands } from './caller-commands.js';
import { type ChannelCommands, createChannelCommands } from './channel-commands.js';
import { type Command, commit, single } from './command-queue.js';
import { createRetentionCommands, type RetentionCommands } from './retention-commands.js';
import { createWebhookCommands, type WebhookCommands } from './webhook-commands.js';

/** A registration without what the write cycle adds. */
export type RegistrationRequest = Omit<NewRegistration, 'sinceId' | 'now' | 'newId'>;

/** A push that is to be made later, or in parts. */
export interface JobRequest extends Pick<Job, 'appNum' | 'spec'> {
  /** Undefined: at once. */
  dueAt: number | undefined;
  /** Milliseconds from when it is due to its expiry. */
  lifetime: number;
  /** The key that makes a retry safe; undefined: none. */
  idempotency: IdempotencyKey | undefined;
  /** Maximum number of open jobs of the app; absent or 0: any. */
  maxOpen?: number;
  /** Called if the key stood for a push already, which is answered. */
  repeated?: (() => void) | undefined;
}

/** The changes that go through the write cycle besides deliveries. */
export interface Commands extends ChannelCommands, AccessCommands, RetentionCommands, CallerCommands, WebhookCommands {
  /** Registers a device, or changes it. */
  register: Command<RegistrationRequest, Registered | Refusal>;
  /** 'tooManyTags': it would have; undefined: the app has no such registered device. */
  update: Command<Omit<DeviceUpdate, 'sinceId' | 'now'>, Updated | 'tooManyTags' | Refusal | undefined>;
  /** Sets or removes quiet hours. */
  setQuietHours: Command<QuietChange, void>;
  /** By device id. */
  unregister: Command<string, void>;
  /** Creates an app; one that exists stays as it is. */
  createApp: Command<Omit<NewApp, 'now'>, void>;
  /** Gives an app a new key. Answers when the earlier keys end; undefined: there is no such app. */
  rotateKey: Command<{ id: string; keyHash: string; keepOld: number }, number | undefined>;
  /** False: there is no such app. */
  setAppState: Command<Omit<AppState, 'now'>, boolean>;
  /** Undefined: the app has no such push. */
  recall: Command<Omit<Recall, 'now'>, Recalled | undefined>;
  /** With the request id; 'conflict': its idempotency key stands for another push; 'full': the app has no room. */
  schedule: Command<JobRequest, number | 'conflict' | 'full'>;
  /** With the ids of the parts that were made before; undefined: the app has no such job. */
  cancel: Command<Omit<JobCancellation, 'now'>, readonly number[] | undefined>;
  /** Ends a job that cannot be made, with the reason. */
  fail: Command<JobFailure, void>;
  /** Does a small part of what time has made due. */
  sweep: Command<Sweep, Swept>;
  /** Evicts the oldest deliveries of an inbox. Answers how many. */
  evict: Command<Omit<Eviction, 'now'>, number>;
  /** Plans wakes. */
  planWakes: Command<WakePlan, PlannedWakes>;
  /** Plans a page of what a crash may have kept from being planned. */
  recoverWakes: Command<WakeRecovery, WakesRecovered>;
  /** Claims wakes, and keeps what has become of others. Answers the claims that may be sent. */
  changeWakes: Command<WakeChanges, readonly Wake[]>;
  /** Plans a page of a walk. Answers how many wakes it has made. */
  walk: Command<WalkedPage, number>;
  /** Divides a walk into lanes. */
  divideWalk: Command<Pick<WalkedPage, 'pushId' | 'appNum'> & { lanes: readonly number[] }, void>;
  /** Changes nothing: meets what any commit would, and renews the core's lease. */
  nothing: Command<void, void>;
}

/** Returns the commands over a store. */
export function createCommands(options: {
  commits: StoreWriter;
  onCommit: OnCommit;
  /** Ids of pushes: a registration gets nothing that was given out before it; jobs take theirs from here too. */
  pushIds: IdClock;
  now: () => number;
}): Commands {
  const { commits, onCommit, pushIds, now } = options;
  let withoutKey = 0;

  return {
    register: {
      endsDeliveries: true,
      // It replaces what the device was before, but for its token.
      merge: (earlier, later) => (keepsToken(earlier, later) ? { ...later, push: earlier.push } : later),
      subjectOf: ({ appNum, nativeToken }) => `${appNum}:${nativeToken}`,
      bytesOf: ({ alias, nativeToken, tags, push }) =>
        alias.length + nativeToken.length + lengthOf(tags) + (push?.token.length ?? 0),
      apply(requests) {
        const shared = { sinceId: pushIds.last(), now: now() };
        const registrations = requests.map((request) => ({ ...request, ...shared, newId: newDeviceId() }));
        return commit(commits.commitRegistrations(registrations), (results) => {
          for (const [index, registration] of registrations.entries()) {
            const result = results[index];
            if (typeof result === 'object') onCommit({ kind: 'registered', result, registration });
          }
          return results;
        });
      },
    },
    update: {
      endsDeliveries: true,
      subjectOf: ({ id }) => id,
      bytesOf: ({ addTags, removeTags }) => lengthOf(addTags) + lengthOf(removeTags),
      apply(requests) {
        const shared = { sinceId: pushIds.last(), now: now() };
        return commit(commits.commitUpdates(requests.map((request) => ({ ...request, ...shared }))), (results) => {
          for (const updated of results) {
            if (typeof updated === 'object') onCommit({ kind: 'registered', ...updated });
          }
          return results;
        });
      },
    },
    setQuietHours: {
      subjectOf: ({ appNum, subject }) => `${appNum} ${JSON.stringify(subject)}`,
      merge: (_, later) => later,
      apply: (changes) => commit(commits.commitQuietHours(changes), () => []),
    },
    unregister: {
      endsDeliveries: true,
      subjectOf: (deviceId) => deviceId,
      apply: (deviceIds) =>
        commit(commits.commitUnregistrations(deviceIds, now()), (devices) => {
          for (const device of devices) onCommit({ kind: 'unregistered', device });
          return [];
        }),
    },
    createApp: {
      subjectOf: ({ id }) => id,
      apply: (apps) =>
        commit(commits.commitApps(apps.map((app) => ({ ...app, now: now() }))), () => {
          for (const { id } of apps) onCommit({ kind: 'appChanged', id });
          return [];
        }),
    },
    rotateKey: {
      subjectOf: ({ id }) => id,
      apply(requests) {
        const time = now();
        const rotations = requests.map(
          ({ id, keyHash, keepOld }): KeyRotation => ({ id, keyHash, oldUntil: time + keepOld, now: time }),
        );
        return commit(commits.commitKeyRotations(rotations), (known) => {
          for (const { id } of rotations) onCommit({ kind: 'appChanged', id });
          return rotations.map(({ oldUntil }, index) => (known[index] ? oldUntil : undefined));
        });
      },
    },
    setAppState: {
      subjectOf: ({ id }) => id,
      apply: (states) =>
        commit(commits.commitAppStates(states.map((state) => ({ ...state, now: now() }))), (known) => {
          for (const { id } of states) onCommit({ kind: 'appChanged', id });
          return known;
        }),
    },
    ...createAccessCommands(options),
    ...createCallerCommands(options),
    ...createChannelCommands(options),
    ...createRetentionCommands(options),
    ...createWebhookCommands(options),
    recall: {
      endsDeliveries: true,
      subjectOf: ({ pushId }) => String(pushId),
      apply: (recalls) =>
        commit(commits.commitRecalls(recalls.map((recall) => ({ ...recall, now: now() }))), (results) => {
          for (const [index, { pushId }] of recalls.entries()) {
            if (results[index] !== undefined) onCommit({ kind: 'recalled', pushId });
          }
          return results;
        }),
    },
    schedule: {
      subjectOf: ({ idempotency }) => idempotency?.key ?? String(++withoutKey),
      bytesOf: ({ spec }) => JSON.stringify(spec).length,
      apply(requests) {
        const createdAt = now();
        const jobs = requests.map(({ appNum, spec, dueAt = createdAt, lifetime, idempotency, maxOpen }): NewJob => {
          const id = pushIds.next();
          return { id, appNum, spec, dueAt, createdAt, expiresAt: dueAt + lifetime, idempotency, maxOpen };
        });
        return commit(commits.commitJobs(jobs), (ids) => {
          onCommit({ kind: 'scheduled', dueAt: Math.min(...jobs.map(({ dueAt }) => dueAt)) });
          for (const [index, { id }] of jobs.entries()) {
            if (typeof ids[index] === 'number' && ids[index] !== id) requests[index]?.repeated?.();
          }
          return ids;
        });
      },
    },
    cancel: {
      endsDeliveries: true,
      subjectOf: ({ id }) => String(id),
      apply: (cancellations) =>
        commit(
          commits.commitCancellations(cancellations.map((each) => ({ ...each, now: now() }))),
          (results) => results,
        ),
    },
    fail: {
      subjectOf: ({ id }) => String(id),
      apply: (failures) => commit(commits.commitFailures(failures), () => []),
    },
    sweep: {
      endsDeliveries: true,
      subjectOf: () => '',
      apply: ([sweep]) => single(sweep, (each) => commits.commitSweep(each)),
    },
    evict: {
      endsDeliveries: true,
      subjectOf: ({ deviceNum }) => String(deviceNum),
      apply: (evictions) =>
        commit(commits.commitEvictions(evictions.map((eviction) => ({ ...eviction, now: now() }))), (evicted) => {
          const deliveries = evictions.flatMap(({ deviceNum }, index) =>
            (evicted[index] ?? []).map((pushId) => ({ deviceNum, pushId })),
          );
          if (deliveries.length > 0) onCommit({ kind: 'withdrawn', deliveries });
          return evicted.map(({ length }) => length);
        }),
    },
    // What devices have received by now is settled first: nobody is woken for it.
    planWakes: {
      endsDeliveries: true,
      subjectOf: () => String(++withoutKey),
      bytesOf: ({ scope }) => (scope.kind === 'deliveries' ? scope.ids.length * 16 : 0),
      apply: (plans) => commit(commits.commitWakePlans(plans), (planned) => planned),
    },
    recoverWakes: {
      subjectOf: () => '',
      apply: ([page]) => single(page, (recovery) => commits.commitWakeRecovery(recovery)),
    },
    changeWakes: {
      endsDeliveries: true,
      subjectOf: () => '',
      apply: ([changes]) => single(changes, (each) => commits.commitWakes(each)),
    },
    walk: {
      endsDeliveries: true,
      subjectOf: () => '',
      apply: ([page]) => single(page, (each) => commits.commitWalk(each)),
    },
    divideWalk: {
      subjectOf: () => '',
      apply: ([walk]) => single(walk, ({ lanes, ...each }) => commits.commitWalkLanes(each, lanes)),
    },
    nothing: {
      subjectOf: () => '',
      apply: () => commit(commits.commitNothing(), () => []),
    },
  };
}

/** Returns true if a registration leaves the device the token of the one before it, as the store does. */
function keepsToken(earlier: RegistrationRequest, later: RegistrationRequest): boolean {
  if (later.alias !== earlier.alias) return false;
  return later.push === undefined || (later.push?.implied === true && earlier.push?.implied !== true);
}

function lengthOf(texts: readonly string[]): number {
  return texts.reduce((sum, { length }) => sum + length + 16, 0);
}
