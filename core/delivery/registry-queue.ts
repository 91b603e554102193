import { OnePushError } from '../../common/errors.js';
import { newDeviceId } from '../../common/secrets.js';
import type { Device } from '../domain/device.js';
import type { Commits, NewApp, NewRegistration, Registered } from '../store/store.js';

export type RegistrationRequest = Omit<NewRegistration, 'sinceId' | 'now' | 'newId'>;

/** What follows from a committed change of the registry. */
export interface RegistryEffects {
  registered(result: Registered, registration: NewRegistration): void;
  unregistered(device: Device & { alias: string }): void;
  appCreated(id: string): void;
}

type Change =
  | { kind: 'register'; request: RegistrationRequest; resolve: (result: Registered) => void; reject: Reject }
  | { kind: 'unregister'; deviceId: string; resolve: () => void; reject: Reject }
  | { kind: 'createApp'; app: Omit<NewApp, 'now'>; resolve: () => void; reject: Reject };
type Reject = (error: unknown) => void;
type ChangeOf<K extends Change['kind']> = Extract<Change, { kind: K }>;

/** Changes of the registry that wait for the next cycle. They happen in the order in which they came. */
export interface RegistryQueue {
  register(request: RegistrationRequest): Promise<Registered>;
  unregister(deviceId: string): Promise<void>;
  createApp(app: Omit<NewApp, 'now'>): Promise<void>;
  /** Commits one batch of like changes; false if none wait. Never rejects: the callers are told. */
  commit(): Promise<boolean>;
}

const MAX_WAITING = 20_000;
const MAX_BATCH = 500;

export function createRegistryQueue(options: {
  commits: Commits;
  effects: RegistryEffects;
  /** The last push id given out: what a new registration does not get any more. */
  sinceId: () => number;
  now: () => number;
}): RegistryQueue {
  const { commits, effects, sinceId, now } = options;
  let waiting: Change[] = [];

  function add(change: Change): void {
    if (waiting.length >= MAX_WAITING) change.reject(new OnePushError('OVERLOADED'));
    else waiting.push(change);
  }

  /** The longest run of changes of one kind in which none concerns what another concerns. */
  function take(): Change[] {
    const kind = waiting[0]?.kind;
    const subjects = new Set<string>();
    let count = 0;
    for (const change of waiting) {
      const subject = subjectOf(change);
      if (change.kind !== kind || subjects.has(subject) || count >= MAX_BATCH) break;
      subjects.add(subject);
      count++;
    }
    const taken = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return taken;
  }

  async function apply(batch: readonly Change[]): Promise<void> {
    const registers = ofKind(batch, 'register');
    if (registers.length > 0) {
      const shared = { sinceId: sinceId(), now: now() };
      const registrations = registers.map(({ request }) => ({ ...request, ...shared, newId: newDeviceId() }));
      const results = await commits.commitRegistrations(registrations);
      for (const [index, change] of registers.entries()) {
        const result = results[index];
        const registration = registrations[index];
        if (result === undefined || registration === undefined) throw new Error('a registration has no answer');
        effects.registered(result, registration);
        change.resolve(result);
      }
    }
    const unregisters = ofKind(batch, 'unregister');
    if (unregisters.length > 0) {
      const devices = await commits.commitUnregistrations(
        unregisters.map(({ deviceId }) => deviceId),
        now(),
      );
      for (const device of devices) effects.unregistered(device);
      for (const change of unregisters) change.resolve();
    }
    const apps = ofKind(batch, 'createApp');
    if (apps.length > 0) {
      await commits.commitApps(apps.map(({ app }) => ({ ...app, now: now() })));
      for (const { app, resolve } of apps) {
        effects.appCreated(app.id);
        resolve();
      }
    }
  }

  return {
    register: (request) =>
      new Promise((resolve, reject) => {
        add({ kind: 'register', request, resolve, reject });
      }),
    unregister: (deviceId) =>
      new Promise((resolve, reject) => {
        add({ kind: 'unregister', deviceId, resolve, reject });
      }),
    createApp: (app) =>
      new Promise((resolve, reject) => {
        add({ kind: 'createApp', app, resolve, reject });
      }),
    async commit() {
      const batch = take();
      if (batch.length === 0) return false;
      try {
        await apply(batch);
      } catch (error) {
        for (const change of batch) change.reject(error);
      }
      return true;
    },
  };
}

function ofKind<K extends Change['kind']>(batch: readonly Change[], kind: K): ChangeOf<K>[] {
  return batch.filter((change): change is ChangeOf<K> => change.kind === kind);
}

function subjectOf(change: Change): string {
  switch (change.kind) {
    case 'register':
      return `${change.request.appNum}:${change.request.nativeToken}`;
    case 'unregister':
      return change.deviceId;
    case 'createApp':
      return change.app.id;
  }
}
