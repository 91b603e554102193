// Follows how the deliveries of an app end, until so many have:
//
//     node examples/node/receipts.mjs <host:port of gRPC> <app id> <app key> <how many> [<position>]
//
// In this repository after make build, or where @one-push/client is installed. It ends with the position to go on from
// the next time.
import { createOnePushClient, DeliveryState } from '@one-push/client';

const [address, appId, appKey, count, start = ''] = process.argv.slice(2);
const client = createOnePushClient({ address, appId, appKey });
let position = start;
let left = Number(count);

const options = {
  position,
  // Called once what came before it has been taken: a real program stores it.
  onPosition(next) {
    position = next;
  },
};
for await (const { requestId, alias, state } of client.watchReceipts(options)) {
  console.log(requestId, alias, DeliveryState[state]);
  left -= 1;
  if (left === 0) break;
}
console.log('position', position);
await client.close();
