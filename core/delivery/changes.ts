import { newDeviceId } from '../../common/secrets.js';
import type { Device } from '../domain/device.js';
import type { IdClock } from '../domain/id-clock.js';
import type { Job } from '../domain/job.js';
import type {
  AppState,
  Commits,
  DeliveryOf,
  DeviceUpdate,
  Eviction,
  IdempotencyKey,
  JobCancellation,
  KeyRotation,
  NewApp,
  NewJob,
  NewRegistration,
  Recall,
  Recalled,
  Refusal,
  Registered,
  Sweep,
  Swept,
  Updated,
} from '../store/store.js';
import type { ChangeKind } from './change-queue.js';

export type RegistrationRequest = Omit<NewRegistration, 'sinceId' | 'now' | 'newId'>;

/** A push that is to be made later, or in parts. */
export interface JobRequest extends Pick<Job, 'appNum' | 'spec'> {
  /** Undefined: at once. */
  dueAt: number | undefined;
  /** Milliseconds from when it is due to its expiry. */
  lifetime: number;
  idempotency: IdempotencyKey | undefined;
}

/** What follows from a committed change. */
export interface ChangeEffects {
  registered(result: Registered, registration: NewRegistration): void;
  unregistered(device: Device & { alias: string }): void;
  appChanged(id: string): void;
  recalled(pushId: number): void;
  /** A job is there, or may be. */
  scheduled(dueAt: number): void;
  /** Deliveries have ended that an edge may still be sending again. */
  withdrawn(deliveries: readonly DeliveryOf[]): void;
  /** A commit of devices or apps has failed: it may have taken place all the same. */
  uncertain(): void;
}

/** The changes that go through the write cycle besides deliveries. */
export interface Changes {
  register: ChangeKind<RegistrationRequest, Registered | Refusal>;
  /** 'tooManyTags': it would have; undefined: the app has no such registered device. */
  update: ChangeKind<Omit<DeviceUpdate, 'sinceId' | 'now'>, Updated | 'tooManyTags' | Refusal | undefined>;
  /** By device id. */
  unregister: ChangeKind<string, void>;
  createApp: ChangeKind<Omit<NewApp, 'now'>, void>;
  /** When the earlier keys end; undefined: there is no such app. */
  rotateKey: ChangeKind<{ id: string; keyHash: string; keepOld: number }, number | undefined>;
  /** False: there is no such app. */
  setAppState: ChangeKind<Omit<AppState, 'now'>, boolean>;
  /** Undefined: the app has no such push. */
  recall: ChangeKind<Omit<Recall, 'now'>, Recalled | undefined>;
  /** With the request id; 'conflict': its idempotency key stands for another push. */
  schedule: ChangeKind<JobRequest, number | 'conflict'>;
  /** With the ids of the parts that were made before; undefined: the app has no such job. */
  cancel: ChangeKind<Omit<JobCancellation, 'now'>, readonly number[] | undefined>;
  sweep: ChangeKind<Sweep, Swept>;
  /** How many deliveries were evicted. */
  evict: ChangeKind<Omit<Eviction, 'now'>, number>;
}

export function createChanges(options: {
  commits: Commits;
  effects: ChangeEffects;
  /** What a new registration does not get any more was given out before; jobs take theirs from here too. */
  pushIds: IdClock;
  now: () => number;
}): Changes {
  const { commits, effects, pushIds, now } = options;
  let withoutKey = 0;

  async function certain<T>(commit: Promise<T>): Promise<T> {
    try {
      return await commit;
    } catch (error) {
      effects.uncertain();
      throw error;
    }
  }

  return {
    register: {
      endsDeliveries: true,
      replaces: true,
      subjectOf: ({ appNum, nativeToken }) => `${appNum}:${nativeToken}`,
      async apply(requests) {
        const shared = { sinceId: pushIds.last(), now: now() };
        const registrations = requests.map((request) => ({ ...request, ...shared, newId: newDeviceId() }));
        const results = await certain(commits.commitRegistrations(registrations));
        for (const [index, registration] of registrations.entries()) {
          const result = results[index];
          if (typeof result === 'object') effects.registered(result, registration);
        }
        return results;
      },
    },
    update: {
      endsDeliveries: true,
      subjectOf: ({ id }) => id,
      async apply(requests) {
        const shared = { sinceId: pushIds.last(), now: now() };
        const results = await certain(commits.commitUpdates(requests.map((request) => ({ ...request, ...shared }))));
        for (const updated of results) {
          if (typeof updated === 'object') effects.registered(updated.result, updated.registration);
        }
        return results;
      },
    },
    unregister: {
      endsDeliveries: true,
      subjectOf: (deviceId) => deviceId,
      async apply(deviceIds) {
        const devices = await certain(commits.commitUnregistrations(deviceIds, now()));
        for (const device of devices) effects.unregistered(device);
        return [];
      },
    },
    createApp: {
      subjectOf: ({ id }) => id,
      async apply(apps) {
        await certain(commits.commitApps(apps.map((app) => ({ ...app, now: now() }))));
        for (const { id } of apps) effects.appChanged(id);
        return [];
      },
    },
    rotateKey: {
      subjectOf: ({ id }) => id,
      async apply(requests) {
        const time = now();
        const rotations = requests.map(
          ({ id, keyHash, keepOld }): KeyRotation => ({ id, keyHash, oldUntil: time + keepOld, now: time }),
        );
        const known = await certain(commits.commitKeyRotations(rotations));
        for (const { id } of rotations) effects.appChanged(id);
        return rotations.map(({ oldUntil }, index) => (known[index] ? oldUntil : undefined));
      },
    },
    setAppState: {
      subjectOf: ({ id }) => id,
      async apply(states) {
        const known = await certain(commits.commitAppStates(states.map((state) => ({ ...state, now: now() }))));
        for (const { id } of states) effects.appChanged(id);
        return known;
      },
    },
    recall: {
      endsDeliveries: true,
      subjectOf: ({ pushId }) => String(pushId),
      async apply(recalls) {
        const results = await commits.commitRecalls(recalls.map((recall) => ({ ...recall, now: now() })));
        for (const [index, { pushId }] of recalls.entries()) {
          if (results[index] !== undefined) effects.recalled(pushId);
        }
        return results;
      },
    },
    schedule: {
      subjectOf: ({ idempotency }) => idempotency?.key ?? String(++withoutKey),
      async apply(requests) {
        const createdAt = now();
        const jobs = requests.map(({ appNum, spec, dueAt = createdAt, lifetime, idempotency }): NewJob => {
          return { id: pushIds.next(), appNum, spec, dueAt, createdAt, expiresAt: dueAt + lifetime, idempotency };
        });
        try {
          return await commits.commitJobs(jobs);
        } finally {
          effects.scheduled(Math.min(...jobs.map(({ dueAt }) => dueAt)));
        }
      },
    },
    cancel: {
      endsDeliveries: true,
      subjectOf: ({ id }) => String(id),
      apply: (cancellations) => commits.commitCancellations(cancellations.map((each) => ({ ...each, now: now() }))),
    },
    sweep: {
      endsDeliveries: true,
      subjectOf: () => '',
      async apply([sweep]) {
        return sweep === undefined ? [] : [await commits.commitSweep(sweep)];
      },
    },
    evict: {
      endsDeliveries: true,
      subjectOf: ({ deviceNum }) => String(deviceNum),
      async apply(evictions) {
        const evicted = await commits.commitEvictions(evictions.map((eviction) => ({ ...eviction, now: now() })));
        const deliveries = evictions.flatMap(({ deviceNum }, index) =>
          (evicted[index] ?? []).map((pushId) => ({ deviceNum, pushId })),
        );
        if (deliveries.length > 0) effects.withdrawn(deliveries);
        return evicted.map(({ length }) => length);
      },
    },
  };
}
