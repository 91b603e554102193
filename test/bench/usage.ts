import { readFileSync } from 'node:fs';

/** Clock ticks a second in /proc, on every Linux that Node runs on. */
const TICKS = 100;
const PAGE_BYTES = 4096;

/** Microseconds of processor time that a process and its children have used; 0 where there is no /proc. */
export function cpuMicrosOf(pid: number): number {
  const children = read(pid, `task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return children.reduce((sum, child) => sum + cpuMicrosOf(child), ownMicrosOf(pid));
}

function ownMicrosOf(pid: number): number {
  // The name, in parentheses, may have blanks.
  const fields = read(pid, 'stat').split(') ')[1]?.split(' ') ?? [];
  const [user, system] = [Number(fields[11] ?? 0), Number(fields[12] ?? 0)];
  return ((user + system) * 1_000_000) / TICKS;
}

/** Resident bytes of a process; 0 where there is no /proc. */
export function residentOf(pid: number): number {
  return Number(read(pid, 'statm').split(' ')[1] ?? 0) * PAGE_BYTES;
}

function read(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
