// Receives the pushes for a user, as one device, until so many have come, and confirms those that ask for it:
//
//     node examples/node/receive.mjs <URL of an edge> <app id> <alias> <how many> [<file>]
//
// In this repository after make build, or where @one-push/device is installed. The file keeps the device and the ids of
// what was shown, so that the next run goes on from there; without it every run is a new device.
import { createDevice, messagesOf } from '@one-push/device';
import { fileStorage } from '@one-push/device/node';

const [url, appId, alias, count, file] = process.argv.slice(2);
// Node.js has one of its own from 22 on.
const WebSocket = globalThis.WebSocket ?? (await import('ws')).WebSocket;
const storage = file && fileStorage(file);
const device = createDevice({ url, appId, alias, platform: 'PC', WebSocket, ...(storage && { storage }) });
device.on('state', ({ name }) => console.error(name));
device.on('error', (error) => console.error(error.message));

const messages = messagesOf(device);
device.connect();
let left = Number(count);
for await (const message of messages) {
  console.log(message.id, message.alert);
  // Done with it, and not only when the loop asks for the next one, for there may be none.
  await message.confirm();
  left -= 1;
  if (left === 0) break;
}
await device.close();
