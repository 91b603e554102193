import { randomBytes } from 'node:crypto';
import { hashSecret } from '../../../common/secrets.js';
import type { SessionOwner } from '../service/auth.js';

/**
 * Sessions of the console. They are in memory, and end when the core does. A session keeps neither key nor token, only
 * which of them it began with; ids are kept as hashes.
 */
export interface ConsoleSessions {
  /** Begins a session. Returns its id, a secret of 192 random bits. */
  begin(owner: SessionOwner): string;
  /** Returns the owner of a session, which is used by that; undefined: there is none, or it has ended. */
  use(id: string): SessionOwner | undefined;
  /** Ends a session. */
  end(id: string): void;
}

/** Milliseconds after which a session ends that is not used. */
export const IDLE_MS = 30 * 60_000;
/** Milliseconds after which a session ends in any case. */
export const LIFETIME_MS = 12 * 3_600_000;
/** Sessions at a time: beyond it the one that was not used for longest ends. */
const MAX_SESSIONS = 1000;

interface Session {
  readonly owner: SessionOwner;
  readonly endsAt: number;
  readonly idleAt: number;
}

/** Returns sessions of nobody. */
export function createConsoleSessions(now: () => number = Date.now): ConsoleSessions {
  /** By hash of the id, the one that was not used for longest first. */
  const sessions = new Map<string, Session>();

  function keep(key: string, session: Session): void {
    sessions.delete(key);
    sessions.set(key, session);
  }

  return {
    begin(owner) {
      const id = randomBytes(24).toString('base64url');
      const time = now();
      keep(hashSecret(id), { owner, endsAt: time + LIFETIME_MS, idleAt: time + IDLE_MS });
      const [oldest] = sessions.keys();
      if (sessions.size > MAX_SESSIONS && oldest !== undefined) sessions.delete(oldest);
      return id;
    },
    use(id) {
      const key = hashSecret(id);
      const session = sessions.get(key);
      if (session === undefined) return undefined;
      const time = now();
      if (time >= session.endsAt || time >= session.idleAt) {
        sessions.delete(key);
        return undefined;
      }
      keep(key, { ...session, idleAt: time + IDLE_MS });
      return session.owner;
    },
    end: (id) => void sessions.delete(hashSecret(id)),
  };
}
