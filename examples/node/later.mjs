// Schedules a push, prints its request id and what has become of it, and with "cancel" cancels it again:
//
//     node examples/node/later.mjs <host:port of gRPC> <app id> <app key> <alias> <alert> <seconds from now> [cancel]
//
// In this repository after make build, or where @one-push/client is installed.
import { createOnePushClient, PushState, to } from '@one-push/client';

const [address, appId, appKey, alias, alert, seconds, cancel] = process.argv.slice(2);
const client = createOnePushClient({ address, appId, appKey });
const sendAt = new Date(Date.now() + Number(seconds) * 1000);

const { requestId } = await client.sendPush({ audience: to.aliases(alias), alert, sendAt });
const states = [(await client.getPush({ requestId })).state];
if (cancel === 'cancel') {
  await client.recallPush({ requestId });
  states.push((await client.getPush({ requestId })).state);
}
console.log(requestId, ...states.map((state) => PushState[state]));
await client.close();
