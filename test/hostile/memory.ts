import { readFileSync } from 'node:fs';
import type { RunningProcess } from '../support/process.js';

/** Resident megabytes; 0 of a process that is gone. */
export function megabytesOf({ child }: RunningProcess): number {
  try {
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    return Math.round(Number(/VmRSS:\s*(\d+) kB/.exec(status)?.[1] ?? 0) / 1024);
  } catch {
    return 0;
  }
}
