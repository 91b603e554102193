import { randomBytes } from 'node:crypto';

/** A place in what a session was sent: the client has all up to it. To clients it is opaque. */
export interface Cursor {
  /** The session. */
  readonly token: string;
  /** Number of messages that the session was sent up to here. */
  readonly number: number;
}

const CURSOR = /^([0-9a-f]{16})\.(\d{1,15})$/;
const CLOSED = /^closed\.\d{4}$/;

/** Returns a token that no other session has, on whatever edge. */
export function createToken(): string {
  return randomBytes(8).toString('hex');
}

/** Returns the text of a cursor. */
export function formatCursor({ token, number }: Cursor): string {
  return `${token}.${number}`;
}

/** Reads a cursor; undefined: it is none of ours. */
export function parseCursor(text: string): Cursor | undefined {
  const [, token, number] = CURSOR.exec(text) ?? [];
  return token === undefined ? undefined : { token, number: Number(number) };
}

/**
 * Returns the id of the event of a close for good. An `EventSource` comes back whatever the event says; with this id it
 * is told to stop.
 */
export function formatClosed(code: number): string {
  return `closed.${code}`;
}

/** Returns true if the client comes back after a close for good. */
export function isClosed(lastEventId: string): boolean {
  return CLOSED.test(lastEventId);
}
