import { setPriority } from 'node:os';
import type { Target } from './attack.js';
import { ATTACKS } from './attacks.js';
import { FLOODS } from './flood-attacks.js';

/**
 * A process that attacks once, as its parent says, and tells what came of it. It leaves the processors to others where
 * both want them.
 */
export interface Order {
  name: string;
  target: Target;
  seconds: number;
}

setPriority(10);
process.on('disconnect', () => process.exit());
process.on('message', async ({ name, target, seconds }: Order) => {
  const attack = [...ATTACKS, ...FLOODS].find((candidate) => candidate.name === name);
  process.send?.(await attack?.strike(target, seconds));
  process.disconnect();
});
