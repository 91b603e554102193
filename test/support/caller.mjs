// A back end that sends many pushes, each with a key of its own, and prints how each was answered: its number and its
// request id.
//
//     node test/support/caller.mjs <host:port of gRPC> <app id> <app key> <alias> <how many> <prefix of the keys> [<stop>]
//
// With `stop` it sends only so many, and waits to be killed.
import { createOnePushClient, to } from '@one-push/client';

const [address, appId, appKey, alias, count, prefix, stop] = process.argv.slice(2);
const client = createOnePushClient({ address, appId, appKey });
const audience = to.aliases(alias);
const answers = [];
for (let number = 0; number < Number(count); number++) {
  if (number === Number(stop)) await new Promise((resolve) => setTimeout(resolve, 600_000));
  await client.room();
  const answer = client.send({ audience, alert: String(number), idempotencyKey: `${prefix}-${number}` });
  answers.push(answer.then((requestId) => process.stdout.write(`${number} ${requestId}\n`)));
  // In many messages of the stream.
  if (number % 20 === 0) await answer;
}
await Promise.all(answers);
await client.close();
