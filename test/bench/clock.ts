/** Microseconds of the system's monotonic clock: the same in all processes of a machine. */
export function micros(): number {
  const [seconds, nanos] = process.hrtime();
  return seconds * 1_000_000 + Math.floor(nanos / 1000);
}

/** Microseconds of processor time that this process has used. */
export function ownCpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
