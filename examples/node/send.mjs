// Sends a push for each text and prints its request id, once it is committed:
//
//     node examples/node/send.mjs <host:port of gRPC> <app id> <app key> <alias> <alert>...
//
// In this repository after make build, or where @one-push/client is installed.
import { CallError, createOnePushClient, to } from '@one-push/client';

const [address, appId, appKey, alias, ...alerts] = process.argv.slice(2);
const client = createOnePushClient({ address, appId, appKey });

async function send(alert) {
  // What is sent in one turn of the event loop is one message of the stream.
  console.log(await client.send({ audience: to.aliases(alias), alert }, { timeoutMs: 10_000 }));
}

try {
  await Promise.all(alerts.map(send));
} catch (error) {
  if (!(error instanceof CallError)) throw error;
  console.error(error.code, error.reason ?? '', error.violations.map(({ field }) => field).join());
  process.exitCode = 1;
} finally {
  await client.close();
}
