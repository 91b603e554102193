import type { ClosedReason } from './close-codes.js';
import { host, ignore } from './host.js';
import type { RegistrationChanges } from './options.js';

/** Something that one tab tells the others. */
export type TabNote =
  /** The leader has had a message. */
  | { readonly note: 'message'; readonly raw: string }
  /** A tab has confirmed messages; of the leader: they are stored. */
  | { readonly note: 'done'; readonly ids: readonly string[]; readonly isStored: boolean }
  /** A message was read on another device. */
  | { readonly note: 'cleared'; readonly id: string }
  /** The leader's connection is open, or not any more. */
  | { readonly note: 'open'; readonly isOpen: boolean }
  /** A tab has come, or has another user now. */
  | { readonly note: 'user'; readonly alias: string }
  /** The registration has to change. */
  | { readonly note: 'change'; readonly changes: RegistrationChanges }
  /** The device has ended for good. */
  | { readonly note: 'ended'; readonly reason: ClosedReason };

/**
 * Lets one tab of a browser lead: it holds the connection for all. At any time one leads at most; when it leaves, or is
 * killed, the next one leads at once.
 */
export interface Tabs {
  /** Asks to lead. `lead` is called once, unless the tab leaves before. */
  enter(lead: () => void): void;
  /** Leads no longer, and does not ask to. */
  leave(): void;
  /** Tells the other tabs. */
  post(note: TabNote): void;
  /** Ends it. */
  close(): void;
}

/** Returns tabs that share a name, or a tab that is alone where the runtime cannot share. */
export function createTabs(name: string, isShared: boolean, heard: (note: TabNote) => void): Tabs {
  const { BroadcastChannel } = host;
  const locks = host.navigator?.locks;
  if (!isShared || BroadcastChannel === undefined || locks === undefined) {
    return { enter: (lead) => lead(), leave: ignore, post: ignore, close: ignore };
  }
  const channel = new BroadcastChannel(name);
  // Others of this origin that use the name are of this package.
  channel.onmessage = ({ data }) => heard(data as TabNote);
  let release = ignore;

  function leave(): void {
    release();
    release = ignore;
  }

  function enter(lead: () => void): void {
    leave();
    const waiting = new host.AbortController();
    const { signal } = waiting;
    let isLeft = false;
    release = () => {
      isLeft = true;
      waiting.abort();
    };
    const hold = (): Promise<void> => {
      if (isLeft) return Promise.resolve();
      return new Promise((resolve) => {
        release = resolve;
        lead();
      });
    };
    locks?.request(name, { signal }, hold).catch(() => {
      // Not because the wait was aborted: a browser that has locks, and does not let this page have one.
      if (!isLeft) lead();
    });
  }

  return {
    enter,
    leave,
    post: (note) => channel.postMessage(note),
    close() {
      leave();
      channel.onmessage = null;
      channel.close();
    },
  };
}
