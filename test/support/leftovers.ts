import { afterEach, vi } from 'vitest';

/**
 * Fails a test that leaves something behind: a worker goes on to the next file with the modules, the globals and the
 * environment of this one. It is put right all the same, so that the others show what they show by themselves.
 */

/** What tests replace: its name, where it is, and what was there when this file began. */
const GLOBALS = (
  [
    ['Date', globalThis, 'Date'],
    ['Date.now', Date, 'now'],
    ['performance.now', performance, 'now'],
    ['Math.random', Math, 'random'],
    ['setTimeout', globalThis, 'setTimeout'],
    ['fetch', globalThis, 'fetch'],
    ['WebSocket', globalThis, 'WebSocket'],
    ['EventSource', globalThis, 'EventSource'],
    ['navigator', globalThis, 'navigator'],
    ['console.warn', console, 'warn'],
    ['console.error', console, 'error'],
    ['process.exit', process, 'exit'],
  ] as const
).map(([name, owner, key]) => ({ name, owner, key, was: Object.getOwnPropertyDescriptor(owner, key) }));
const environment = { ...process.env };

afterEach(() => {
  const left: string[] = [];
  if (vi.isFakeTimers()) {
    left.push('fake timers');
    vi.useRealTimers();
  }
  for (const { name, owner, key, was } of GLOBALS) {
    const is = Object.getOwnPropertyDescriptor(owner, key);
    if (is?.value === was?.value && is?.get === was?.get) continue;
    left.push(name);
    Reflect.deleteProperty(owner, key);
    if (was !== undefined) Object.defineProperty(owner, key, was);
  }
  for (const name of new Set([...Object.keys(process.env), ...Object.keys(environment)])) {
    const was = environment[name];
    if (process.env[name] === was) continue;
    left.push(`the environment's ${name}`);
    if (was === undefined) delete process.env[name];
    else process.env[name] = was;
  }
  if (left.length > 0) throw new Error(`this test leaves behind: ${left.join(', ')}`);
});
