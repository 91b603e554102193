import { createHmac } from 'node:crypto';
import type { Device } from '../domain/device.js';

/** A registration of a device. */
type Registration = Pick<Device, 'num' | 'generation'>;

/**
 * Shows that an edge has had a session of a registration: it is handed the ticket when the session is accepted, and
 * shows it with what it reports of sockets that this core knows nothing of. Numbers of devices can be guessed, tickets
 * cannot. Nothing is kept of them, so any core of the database knows its own and those of the cores before it.
 */
export interface Tickets {
  /** Returns a whole number from 1 to 2^52. */
  of(registration: Registration): number;
  /** Returns true if this is the ticket of that registration. */
  isFor(registration: Registration, ticket: number): boolean;
}

/** @param key the secret of the database's cores, of which edges know nothing */
export function createTickets(key: string): Tickets {
  const of = ({ num, generation }: Registration): number => {
    const digest = createHmac('sha256', key).update(`${num}:${generation}`).digest();
    return 1 + digest.readUInt32BE(0) * 2 ** 20 + (digest.readUInt32BE(4) >>> 12);
  };
  return { of, isFor: (registration, ticket) => of(registration) === ticket };
}
