/**
 * Preloaded into a process whose memory is measured: SIGUSR2 has it collect its garbage, and write how many bytes it
 * keeps into the folder that BENCH_MEMORY names: what is resident beside V8's heap, and what is used of the heap. What
 * is resident of the heap itself is as much as earlier work has made it.
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
    let kept = process.memoryUsage.rss();
    for (const space of getHeapSpaceStatistics()) kept += space.space_used_size - space.physical_space_size;
    writeFileSync(`${file}.part`, String(kept));
    renameSync(`${file}.part`, file);
  }, GIVES_BACK);
});
