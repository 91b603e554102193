/**
 * Preloaded into a process whose memory is measured: SIGUSR2 has it collect its garbage, and write what it keeps into the folder that
 * BENCH_MEMORY names: resident bytes without the young generation, which is as large as earlier work has made it.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Milliseconds until V8's own threads have given back what was collected. */
const GIVES_BACK = 1000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
const file = join(process.env.BENCH_MEMORY ?? '.', String(process.pid));
process.on('SIGUSR2', () => {
  collect();
  setTimeout(() => {
    // Again: what finalizers let go is found the second time.
    collect();
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    writeFileSync(`${file}.part`, String(process.memoryUsage.rss() - (young?.physical_space_size ?? 0)));
    renameSync(`${file}.part`, file);
  }, GIVES_BACK);
});
