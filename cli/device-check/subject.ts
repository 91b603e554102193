import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Service } from './service.js';
import type { ShownLog } from './shown.js';

/** The implementation under test, which can be started and ended. */
export interface Subject {
  /** Longest time from its start until it connects, in milliseconds. */
  readonly startWithinMs: number;
  /** Starts it. */
  start(): Promise<void>;
  /** Ends it as a crash would. Resolves when its connections are gone. */
  stop(): Promise<void>;
  /** Ends it, and waits for nothing. */
  kill(): void;
}

/** Returns a command of the shell. It finds the server in `DEVICE_CHECK_URL`, and prints a line for each message. */
export function commandSubject(
  command: string,
  parts: { service: Service; shown: ShownLog; startWithinMs: number; log: (text: string) => void },
): Subject {
  const { service, shown, startWithinMs, log } = parts;
  let child: ChildProcess | undefined;

  function kill(): void {
    if (child?.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }

  return {
    startWithinMs,
    async start() {
      const env = { ...process.env, DEVICE_CHECK_URL: service.url };
      // A group of its own: the shell's children are ended, too.
      child = spawn('/bin/sh', ['-c', command], { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
      child.stdout?.setEncoding('utf8').on('data', shown.write);
      child.stderr?.setEncoding('utf8').on('data', log);
    },
    async stop() {
      if (child === undefined) return;
      const closed = child.exitCode === null && child.signalCode === null ? once(child, 'close') : undefined;
      kill();
      child = undefined;
      await closed;
      await service.idle();
    },
    kill,
  };
}

/** Returns an app that a person starts and ends, and that posts each message that it shows to `/shown`. */
export function manualSubject(parts: { service: Service; ask: (text: string) => void }): Subject {
  const { service, ask } = parts;
  return {
    startWithinMs: 600_000,
    async start() {
      ask(`Start the app, pointed at ${service.url}`);
    },
    async stop() {
      ask('End the app');
      await service.idle();
    },
    kill() {},
  };
}
