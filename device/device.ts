import { type Activity, watchActivity } from './activity.js';
import type { ClosedReason } from './close-codes.js';
import { createConnection } from './connection.js';
import { createEmitter } from './events.js';
import { createInbox, type Outcome } from './inbox.js';
import { createLedger } from './ledger.js';
import type { Message } from './message.js';
import { type DeviceOptions, type RegistrationChanges, resolveOptions } from './options.js';
import { createReception } from './reception.js';
import { createRegistrar } from './registrar.js';
import type { DeviceState, PauseCause } from './state.js';
import { safeStorage } from './storage.js';
import { createTabs, type TabNote, type Tabs } from './tabs.js';

/** The events of a device, beside messages. */
export interface DeviceEvents {
  /** It has another state. */
  readonly state: DeviceState;
  /** It has ended. */
  readonly closed: Extract<DeviceState, { name: 'closed' }>;
  /** The user has read a message on another device: the app takes it away if it shows it. It is not shown any more. */
  readonly cleared: Pick<Message, 'id'>;
  /** A registration, a write to the storage or a listener has failed. The device goes on, unless `closed` follows. */
  readonly error: unknown;
}

/**
 * A device: registered, connected, and connected again. Messages come in the order in which the service sent them,
 * each once; those that come while nobody listens wait for the first listener.
 */
export interface Device {
  /** The state. */
  readonly state: DeviceState;
  /** The device id, a secret; undefined: this tab has not registered it. */
  readonly id: string | undefined;
  /** Connects, and keeps connecting until it is closed. Does nothing if it is not idle or closed. */
  connect(): void;
  /**
   * Adds a listener of messages. The next message comes when what it returns has resolved. Where it throws or rejects,
   * a message that needs a confirmation is not confirmed, and comes again; one that resolves with `left` says the same
   * without an error, and with `untouched`, that the message is for other listeners. Returns what removes it.
   */
  on(name: 'message', listener: (message: Message) => unknown): () => void;
  /** Adds a listener. Returns what removes it. */
  on<Name extends keyof DeviceEvents>(name: Name, listener: (event: DeviceEvents[Name]) => void): () => void;
  /** Registers with changes: another user, other tags, another vendor token. */
  update(changes: RegistrationChanges): void;
  /** Lets the connection go until `resume`: for apps that know when they are in the background. */
  pause(): void;
  /** Ends `pause`. */
  resume(): void;
  /** Unregisters the device, for all tabs, and closes it. Rejects if the service cannot be reached. */
  unregister(): Promise<void>;
  /** Closes it, in this tab. Resolves when what it has to keep is stored. */
  close(): Promise<void>;
}

/** A run from `connect` to the end. */
interface Run {
  readonly tabs: Tabs;
  readonly pauses: Set<PauseCause>;
  activity: Activity | undefined;
  /** Asks to have the connection, or has it. */
  role: 'none' | 'following' | 'leading';
}

/**
 * Returns a device that is idle.
 *
 * @example
 * const device = createDevice({ url: 'https://push.example.com', appId: 'shop', alias: 'alice', platform: 'WEB' });
 * device.on('message', (message) => show(message.alert));
 * device.connect();
 */
export function createDevice(options: DeviceOptions): Device {
  const resolved = resolveOptions(options);
  const emitter = createEmitter<DeviceEvents>();
  const fail = (error: unknown): void => emitter.emit('error', error);
  const storage = safeStorage(resolved.storage, resolved.storagePrefix, fail);
  const registrar = createRegistrar(options, resolved, storage);
  const ledger = createLedger(storage, resolved.remember);
  let run: Run | undefined;
  let state: DeviceState = { name: 'idle' };

  const isLeading = (): boolean => run?.role === 'leading';
  const isHidden = (): boolean => run?.activity?.isHidden() === true;
  const post = (note: TabNote): void => run?.tabs.post(note);

  const inbox = createInbox({
    done(message, isHandled) {
      if (!isHandled) ledger.release(message.id);
      else if (resolved.confirm === 'auto' && !message.clearOnRead) void message.confirm();
    },
    failed: fail,
    full: (isFull) => pause('full', isFull),
  });
  const send = (frame: string): boolean => connection.send(frame);
  const cleared = (id: string): void => emitter.emit('cleared', { id });
  const reception = createReception({ ledger, inbox, isLeading, send, post, cleared });
  const connection = createConnection({
    options: resolved,
    registrar,
    isHidden,
    changed(next) {
      enter(next);
      if (next.name === 'open') reception.opened();
      post({ note: 'open', isOpen: next.name === 'open' });
    },
    frame: (raw) => reception.frame(raw),
    failed: fail,
    ended(reason, code) {
      if (reason === 'unregistered') void registrar.forget();
      post({ note: 'ended', reason });
      end(reason, code);
    },
  });

  function enter(next: DeviceState): void {
    state = next;
    emitter.emit('state', next);
  }

  function connect(): void {
    if (run !== undefined) return;
    if (options.signal?.aborted) {
      end('closed');
      return;
    }
    options.signal?.addEventListener('abort', close);
    const tabs = createTabs(`${resolved.storagePrefix}device`, resolved.shareTabs, (note) => hear(own, note));
    const own: Run = { tabs, pauses: new Set(), activity: undefined, role: 'none' };
    run = own;
    own.activity = watchActivity({
      hiddenAfterMs: resolved.pauseHiddenAfterMs,
      hidden: (isTrue) => pause('hidden', isTrue),
      offline: (isTrue) => pause('offline', isTrue),
      woke: () => connection.check(),
    });
    settle(own);
  }

  /** Has, or asks for, the connection exactly when nothing speaks against it. */
  function settle(own: Run): void {
    const [cause] = own.pauses;
    if (cause === undefined) {
      if (own.role !== 'none') return;
      own.role = 'following';
      enter({ name: 'following', isOpen: false });
      own.tabs.enter(() => void lead(own));
      // Who leads answers.
      post({ note: 'user', alias: registrar.alias });
    } else {
      if (own.role === 'leading') post({ note: 'open', isOpen: false });
      own.role = 'none';
      connection.stop();
      own.tabs.leave();
      if (state.name !== 'paused' || state.cause !== cause) enter({ name: 'paused', cause });
    }
  }

  async function lead(own: Run): Promise<void> {
    own.role = 'leading';
    await ledger.load();
    if (run === own && own.role === 'leading') connection.start();
  }

  function pause(cause: PauseCause, isTrue: boolean): void {
    if (run === undefined || run.pauses.has(cause) === isTrue) return;
    if (isTrue) run.pauses.add(cause);
    else run.pauses.delete(cause);
    settle(run);
  }

  function hear(own: Run, note: TabNote): void {
    if (run !== own) return;
    reception.heard(note);
    switch (note.note) {
      case 'open':
        if (own.role === 'following') enter({ name: 'following', isOpen: note.isOpen });
        break;
      case 'user':
        // One browser is one device: it is another user's now.
        if (note.alias !== registrar.alias) end('replaced');
        else if (state.name === 'open') post({ note: 'open', isOpen: true });
        break;
      case 'change':
        change(note.changes);
        break;
      case 'ended':
        end(note.reason);
        break;
      default:
    }
  }

  function change(changes: RegistrationChanges): void {
    const { alias } = registrar;
    if (!registrar.change(changes)) return;
    const isOther = registrar.alias !== alias;
    if (isOther) {
      inbox.clear();
      reception.clear();
    }
    if (!isLeading()) return;
    connection.stop(isOther);
    connection.start();
  }

  function end(reason: ClosedReason, code?: number): void {
    if (run !== undefined) {
      const { tabs, activity } = run;
      run = undefined;
      options.signal?.removeEventListener('abort', close);
      activity?.stop();
      connection.stop(true);
      tabs.close();
      inbox.clear();
      reception.clear();
    } else if (state.name === 'closed') return;
    const closed = { name: 'closed', reason, ...(code !== undefined && { code }) } as const;
    enter(closed);
    emitter.emit('closed', closed);
  }

  function close(): Promise<void> {
    end('closed');
    return ledger.finish([]);
  }

  return {
    get state() {
      return state;
    },
    get id() {
      return registrar.id;
    },
    connect,
    on(name: 'message' | keyof DeviceEvents, listener: unknown) {
      // The overloads say which listener goes with which name.
      if (name !== 'message') return emitter.on(name, listener as (event: unknown) => void);
      const take = listener as (message: Message) => unknown;
      // Whatever it resolves with that is no Outcome counts as handled.
      return inbox.add(async (message) => (await take(message)) as Outcome);
    },
    update(changes) {
      const { alias } = registrar;
      change(changes);
      post(registrar.alias === alias ? { note: 'change', changes } : { note: 'user', alias: registrar.alias });
    },
    pause: () => pause('app', true),
    resume: () => pause('app', false),
    async unregister() {
      await registrar.unregister();
      post({ note: 'ended', reason: 'unregistered' });
      end('unregistered');
    },
    close,
  };
}
