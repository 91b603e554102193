import { bound } from './host.js';
import type { Inbox } from './inbox.js';
import type { Ledger } from './ledger.js';
import { type Message, type MessageContent, parseMessage } from './message.js';
import type { TabNote } from './tabs.js';

/**
 * Receives messages: drops repetitions, stores what must not come twice, hands the rest over, and confirms.
 *
 * A message without `needConfirm` is stored as done before it is handed over, for the service will hardly send it
 * again: it is shown once at most, also where the process dies in between. One with `needConfirm` is stored when the
 * app is done with it, and confirmed after that: it is shown once, unless the process dies while the app works on it;
 * then again.
 */
export interface Reception {
  /** A frame has come over this tab's connection. */
  frame(raw: string): void;
  /** Another tab tells something. */
  heard(note: TabNote): void;
  /** The connection is open: tells the service what was confirmed meanwhile. */
  opened(): void;
  /** The app is done with a message. */
  confirm(message: MessageContent): Promise<void>;
  /** Drops what the app was not given yet. */
  clear(): void;
}

/** Most confirmations that go before their messages have come again. Beyond, each goes when its message comes. */
const MOST_EARLY = 100;
const MOST_OWED = 1_000;
/** Begins the frame for a message that was read on another device; its id follows. */
const CLEAR = 'CLR:';

/** Returns a reception that has had nothing. */
export function createReception(parts: {
  ledger: Ledger;
  inbox: Pick<Inbox, 'offer' | 'drop'>;
  /** This tab has the connection. */
  isLeading: () => boolean;
  /** Sends a frame; false: there is no open connection. */
  send: (frame: string) => boolean;
  /** Tells the other tabs. */
  post: (note: TabNote) => void;
  /** A message was read on another device of the user. */
  cleared: (id: string) => void;
}): Reception {
  const { ledger, inbox, post } = parts;
  /** Ids that were confirmed and that the service, or the leader, has not been told of. */
  const owed = new Set<string>();
  let arrivals: { content: MessageContent; raw: string }[] = [];
  let isAccepting = false;
  /** Ids that were cleared while something was stored. */
  const cleared = new Set<string>();
  let era = 0;

  function offer(content: MessageContent, raw: string): void {
    let confirmed: Promise<void> | undefined;
    const once = (): Promise<void> => {
      confirmed ??= confirm(content);
      return confirmed;
    };
    const message: Message = { ...content, raw, confirm: once };
    inbox.offer(message);
  }

  /** Stores together what comes while something is stored. */
  async function accept(): Promise<void> {
    if (isAccepting) return;
    isAccepting = true;
    while (arrivals.length > 0) {
      const batch = arrivals;
      const ownEra = era;
      arrivals = [];
      const once = batch.filter(({ content }) => !content.needConfirm).map(({ content }) => content.id);
      if (once.length > 0) await ledger.finish(once);
      if (era !== ownEra) continue;
      for (const { content, raw } of batch) {
        if (cleared.has(content.id)) continue;
        post({ note: 'message', raw });
        offer(content, raw);
      }
    }
    isAccepting = false;
    cleared.clear();
  }

  /** The user has read it on another device. */
  function withdraw(id: string): void {
    if (isAccepting) cleared.add(id);
    inbox.drop(id);
    parts.cleared(id);
  }

  function frame(raw: string): void {
    if (raw.startsWith(CLEAR)) {
      const id = raw.slice(CLEAR.length);
      void ledger.finish([id]);
      post({ note: 'cleared', id });
      withdraw(id);
      return;
    }
    const content = parseMessage(raw);
    if (content === undefined) return;
    const status = ledger.status(content.id);
    // The confirmation was lost, or came before a restart.
    if (status === 'done' && content.needConfirm) tell([content.id]);
    if (status !== 'new') return;
    ledger.take(content.id);
    arrivals.push({ content, raw });
    void accept();
  }

  function follow(raw: string): void {
    const content = parseMessage(raw);
    if (content === undefined || ledger.status(content.id) !== 'new') return;
    if (content.needConfirm) ledger.take(content.id);
    else ledger.mark([content.id]);
    offer(content, raw);
  }

  async function finish(ids: readonly string[]): Promise<void> {
    await ledger.finish(ids);
    tell(ids);
    post({ note: 'done', ids, isStored: true });
  }

  function tell(ids: readonly string[]): void {
    for (const id of ids) if (!parts.send(`CFM:${id}`)) owe(id);
  }

  function owe(id: string): void {
    owed.add(id);
    bound(owed, MOST_OWED);
  }

  async function confirm({ id, needConfirm, clearOnRead }: MessageContent): Promise<void> {
    // Without `needConfirm` it is done since it was handed over, and that it was read is still to be told.
    if (needConfirm ? ledger.status(id) === 'done' : !clearOnRead) return;
    if (parts.isLeading()) {
      await finish([id]);
      return;
    }
    ledger.mark([id]);
    owe(id);
    post({ note: 'done', ids: [id], isStored: false });
  }

  return {
    frame,
    confirm,
    heard(note) {
      if (note.note === 'message') follow(note.raw);
      else if (note.note === 'cleared') {
        ledger.mark([note.id]);
        withdraw(note.id);
      } else if (note.note === 'open' && note.isOpen && owed.size > 0)
        post({ note: 'done', ids: [...owed], isStored: false });
      else if (note.note !== 'done') return;
      else if (!note.isStored) {
        if (parts.isLeading()) void finish(note.ids);
      } else {
        ledger.mark(note.ids);
        for (const id of note.ids) owed.delete(id);
      }
    },
    opened() {
      const early = [...owed].slice(0, MOST_EARLY);
      owed.clear();
      tell(early);
    },
    clear() {
      era++;
      arrivals = [];
      ledger.clear();
    },
  };
}
