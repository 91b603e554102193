import type { MysqlTarget } from '../sql/database-url.js';
import { StoreUnavailable } from '../store.js';
import { connect, type ServerConnection, untilThereIsRoom } from './connection.js';
import { isFull } from './errors.js';
import type { Queryable } from './queryable.js';

/** Maximum number of connections for questions. */
const CONNECTIONS = 4;
/** Maximum number of questions that wait for one. */
const MAX_WAITING = 10_000;
/** Time that a question may take, and that it may wait for its connection, in milliseconds. */
const QUESTION_WITHIN = 10_000;
/**
 * So much later than the server the client gives a question up, in milliseconds: the server's answer leaves the
 * connection usable.
 */
const GRACE = 1000;
/** After so long it is tried again whether the server has room for more connections, in milliseconds. */
const CONTENT_FOR = 30_000;

/** Statements outside of transactions, on a few connections that the writer does not use. */
export interface Questions extends Queryable {
  /**
   * Closes the connections, those in use when they come back: the server may have become another, or may be read only.
   */
  renew(): void;
  /** Leaves one connection, if there are several, to somebody else for a while. */
  makeRoom(): void;
  /** Resolves when all connections are closed. */
  close(): Promise<void>;
}

/** @param within how long the server may take, in milliseconds, if less than `QUESTION_WITHIN` */
export function createQuestions(target: MysqlTarget, within: number): Questions {
  const limits = {
    readWithin: Math.min(within, QUESTION_WITHIN),
    answerWithin: Math.min(within, QUESTION_WITHIN + GRACE),
  };
  const idle: ServerConnection[] = [];
  const waiting = new Set<(connection: ServerConnection | undefined) => void>();
  /** Connections that were opened before the last `renew` have an earlier one, and are closed when they come back. */
  let generation = 0;
  const generations = new WeakMap<ServerConnection, number>();
  /** Those there are, and those that are being opened. */
  let count = 0;
  /** Those that are being opened. */
  let opening = 0;
  let allowed = CONNECTIONS;
  let allowedUntil = 0;
  let closed = false;
  let emptied: (() => void) | undefined;

  function settleFor(connections: number): void {
    allowed = connections;
    allowedUntil = performance.now() + CONTENT_FOR;
  }

  async function acquire(): Promise<ServerConnection> {
    for (;;) {
      if (closed) throw new StoreUnavailable('CLOSED');
      const free = idle.pop();
      if (free !== undefined) {
        if (!free.broken) return free;
        discard(free);
        continue;
      }
      if (performance.now() > allowedUntil) allowed = CONNECTIONS;
      // Without room for another, one may have become free meanwhile.
      const connection = await (count < allowed ? open() : nextFree());
      if (connection !== undefined) return connection;
    }
  }

  /** Undefined: there is no room for another, but there are some. */
  async function open(): Promise<ServerConnection | undefined> {
    const first = count === 0;
    const born = generation;
    // A later one may have been let in before the first.
    const alone = () => first && count === opening;
    count++;
    opening++;
    try {
      const connection = await untilThereIsRoom(() => connect(target, limits), alone);
      generations.set(connection, born);
      opening--;
      return connection;
    } catch (error) {
      opening--;
      removed();
      if (count === 0 || alone() || !isFull(error)) throw error;
      settleFor(count);
      return undefined;
    }
  }

  function nextFree(): Promise<ServerConnection | undefined> {
    if (waiting.size >= MAX_WAITING) throw new StoreUnavailable('TOO_MANY_QUESTIONS');
    return new Promise((resolve, reject) => {
      const take = (connection: ServerConnection | undefined) => {
        clearTimeout(timer);
        waiting.delete(take);
        resolve(connection);
      };
      const timer = setTimeout(() => {
        waiting.delete(take);
        reject(new StoreUnavailable('NO_CONNECTION'));
      }, limits.answerWithin);
      waiting.add(take);
    });
  }

  function release(connection: ServerConnection): void {
    const old = generations.get(connection) !== generation;
    const [next] = waiting;
    if (closed || old || connection.broken || count > allowed) discard(connection);
    else if (next === undefined) idle.push(connection);
    else next(connection);
  }

  function discard(connection: ServerConnection): void {
    void connection.close().then(removed);
  }

  function removed(): void {
    count--;
    const [next] = waiting;
    next?.(undefined);
    if (count === 0) emptied?.();
  }

  return {
    async query(statement, values) {
      const connection = await acquire();
      try {
        return await connection.query(statement, values);
      } finally {
        release(connection);
      }
    },
    renew() {
      generation++;
      for (const connection of idle.splice(0)) discard(connection);
    },
    makeRoom() {
      if (count <= 1) return;
      settleFor(Math.max(1, Math.min(allowed, count) - 1));
      const spare = idle.pop();
      if (spare !== undefined) discard(spare);
    },
    async close() {
      closed = true;
      for (const take of [...waiting]) take(undefined);
      for (const connection of idle.splice(0)) discard(connection);
      if (count > 0) await new Promise<void>((resolve) => (emptied = resolve));
    },
  };
}
