import { TEST_APP } from '../support/stack.js';
import { NO_STAMP } from './load/stamp.js';
import { userOf } from './subject.js';

const ALERT = `${NO_STAMP} Your order has left the house`;

/** One send to each of so many users. */
export function directedBodies(users: number): string[] {
  return Array.from({ length: users }, (_, place) => sendTo([userOf(place)]));
}

/** A send to these aliases, or with ["ALL"] to everyone. */
export function sendTo(audiences: readonly string[], alert = ALERT): string {
  return JSON.stringify({ ...TEST_APP, audiences, alert });
}
