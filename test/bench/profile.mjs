/**
 * Preloaded into a process that is profiled: writes its CPU profile into the folder that BENCH_PROFILE names when it
 * ends.
 */
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join } from 'node:path';

const folder = process.env.BENCH_PROFILE ?? '.';
const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.start');
process.on('exit', () => {
  // The callback is called before this returns.
  session.post('Profiler.stop', (_error, result) => {
    writeFileSync(join(folder, `${process.pid}.cpuprofile`), JSON.stringify(result.profile));
  });
});
