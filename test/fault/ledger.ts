/** A message that should not have come, or came in the wrong place. */
export interface Misdelivery {
  kind:
    | 'out of order'
    /** It needs no confirmation, and came again over the same connection. */
    | 'repeated on an open socket'
    /** It needs no confirmation, and came again over a later connection. */
    | 'repeated after a reconnect'
    /** It came again though the device had confirmed it and the edge had read that. */
    | 'repeated although confirmed'
    /** It came again; the connection that carried the confirmation was cut soon after. */
    | 'confirmation lost with the socket'
    /** The same of the answer to the ping behind a message that needs no confirmation. */
    | 'acknowledgement lost with the socket';
  pushId: number;
}

/** What one device got and confirmed, judged as it comes. */
export interface Ledger {
  has(pushId: number): boolean;
  /** How many messages came, each counted once. */
  count(): number;
  readonly misdeliveries: readonly Misdelivery[];
  /**
   * Time of `performance.now()` at which the device confirmed a message, or acknowledged one that needs no confirmation,
   * over a connection that lived on, so that the edge has certainly read it; undefined: it has not.
   */
  settledAt(pushId: number): number | undefined;
  /** What was sent again because the device had not confirmed or acknowledged it: as it should be. */
  redelivered(): number;
  connected(): void;
  /** The connection is gone. `cut`: the device had not closed it in order. */
  disconnected(cut: boolean): void;
  arrived(pushId: number, needConfirm: boolean): void;
  confirmed(pushId: number): void;
  /** A ping behind messages has come, and is answered. */
  pinged(): void;
  /** Whether a ping came behind all that came over this connection. */
  hasAcknowledged(): boolean;
  /** A heartbeat is sent: its answer says that the edge has read all that was confirmed before. */
  asked(): void;
  answered(): void;
  /** What came, must be confirmed and is not. */
  unconfirmed(): number[];
}

/** A confirmation said so long before its connection was cut, in milliseconds, has certainly been passed on. */
const SETTLED_AFTER = 5000;

interface ConfirmationSaid {
  connection: number;
  at: number;
  /** The edge has read it. */
  read: boolean;
}

export function createLedger(): Ledger {
  /** The connection of each first arrival. */
  const seen = new Map<number, number>();
  const mustConfirm = new Set<number>();
  const confirmations = new Map<number, ConfirmationSaid>();
  const misdeliveries: Misdelivery[] = [];
  const cutAt = new Map<number, number>();
  /** All that was said about a message, in order. */
  const settlements = new Map<number, { connection: number; at: number }[]>();
  const acknowledgements = new Map<number, { connection: number; at: number }>();
  /** What came over this connection behind the last ping. */
  let unacknowledged: { pushId: number; needConfirm: boolean }[] = [];
  let unread: ConfirmationSaid[] = [];
  let asked: ConfirmationSaid[][] = [];
  let connection = 0;
  let highest = 0;
  let redelivered = 0;

  function settled(pushId: number, said: { connection: number; at: number }): void {
    const earlier = settlements.get(pushId);
    if (earlier === undefined) settlements.set(pushId, [said]);
    else earlier.push(said);
  }

  function isLost(said: { connection: number; at: number }): boolean {
    const cut = cutAt.get(said.connection);
    return cut !== undefined && cut - said.at < SETTLED_AFTER;
  }

  function judgeRepeat(pushId: number, needConfirm: boolean): Misdelivery['kind'] | undefined {
    if (!needConfirm) return judgeUnconfirmed(pushId);
    const said = confirmations.get(pushId);
    if (said === undefined) return undefined;
    // On the same connection the repetition may have crossed the confirmation.
    if (said.connection === connection) return said.read ? 'repeated although confirmed' : undefined;
    return isLost(said) ? 'confirmation lost with the socket' : 'repeated although confirmed';
  }

  function judgeUnconfirmed(pushId: number): Misdelivery['kind'] | undefined {
    if (seen.get(pushId) === connection) return 'repeated on an open socket';
    const said = acknowledgements.get(pushId);
    if (said === undefined) return undefined;
    return isLost(said) ? 'acknowledgement lost with the socket' : 'repeated after a reconnect';
  }

  return {
    misdeliveries,
    has: (pushId) => seen.has(pushId),
    count: () => seen.size,
    redelivered: () => redelivered,
    settledAt: (pushId) => settlements.get(pushId)?.find((said) => !isLost(said))?.at,
    connected() {
      connection++;
      unread = [];
      asked = [];
      unacknowledged = [];
    },
    disconnected(cut) {
      if (cut) cutAt.set(connection, performance.now());
    },
    arrived(pushId, needConfirm) {
      unacknowledged.push({ pushId, needConfirm });
      if (!seen.has(pushId)) {
        seen.set(pushId, connection);
        if (needConfirm) mustConfirm.add(pushId);
        if (pushId < highest) misdeliveries.push({ kind: 'out of order', pushId });
        else highest = pushId;
        return;
      }
      const kind = judgeRepeat(pushId, needConfirm);
      if (kind === undefined) redelivered++;
      else misdeliveries.push({ kind, pushId });
      // It counts against the connection that brought it from here on.
      if (!needConfirm) seen.set(pushId, connection);
    },
    confirmed(pushId) {
      mustConfirm.delete(pushId);
      const said = { connection, at: performance.now(), read: false };
      confirmations.set(pushId, said);
      settled(pushId, said);
      unread.push(said);
    },
    pinged() {
      const said = { connection, at: performance.now() };
      for (const { pushId, needConfirm } of unacknowledged) {
        acknowledgements.set(pushId, said);
        if (!needConfirm) settled(pushId, said);
      }
      unacknowledged = [];
    },
    hasAcknowledged: () => unacknowledged.length === 0,
    asked() {
      asked.push(unread);
      unread = [];
    },
    answered() {
      for (const said of asked.shift() ?? []) said.read = true;
    },
    unconfirmed: () => [...mustConfirm],
  };
}
