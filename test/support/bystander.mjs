// A well-behaved back end that pushes every 20 ms until its standard input ends, then prints its latencies in
// milliseconds and how many of its pushes failed. In a process of its own: whoever attacks is busy.
//
//     node test/support/bystander.mjs <host:port of gRPC> <app id> <app key>
import { setTimeout as sleep } from 'node:timers/promises';
import { createOnePushClient, to } from '@one-push/client';

const [address, appId, appKey] = process.argv.slice(2);
// One attempt for each push: what is refused counts.
const client = createOnePushClient({ address, appId, appKey, firstPauseMs: 60_000 });
const push = () => client.sendPush({ audience: to.aliases('bystander'), alert: 'x' });
await push();
process.stdout.write('ready\n');

let over = false;
process.stdin.on('end', () => {
  over = true;
});
process.stdin.resume();
const took = [];
const calls = [];
let failed = 0;
while (!over || calls.length < 10) {
  const begun = performance.now();
  calls.push(
    push().then(
      () => took.push(performance.now() - begun),
      () => failed++,
    ),
  );
  await sleep(20);
}
await Promise.all(calls);
await client.close();
process.stdout.write(`${JSON.stringify({ took, failed })}\n`);
