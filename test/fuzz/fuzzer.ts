import { DOORS } from './doors.js';
import { type Order, runDoor } from './runner.js';

/** A process that tries one door, as its parent says, and tells what came of it. */
process.on('disconnect', () => process.exit());
process.on('message', async (order: Order) => {
  const door = DOORS.find(({ name }) => name === order.door);
  if (door === undefined) throw new Error('there is no such door');
  process.send?.(await runDoor(door, order));
  process.disconnect();
});
