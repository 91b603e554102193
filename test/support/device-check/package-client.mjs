// The device package under `onepush device-check`: node package-client.mjs <file>. Prints each message as it came.
import { createDevice } from '@one-push/device';
import { fileStorage } from '@one-push/device/node';
import { WebSocket } from 'ws';

const device = createDevice({
  url: process.env.DEVICE_CHECK_URL,
  appId: 'check',
  alias: 'alice',
  platform: 'PC',
  storage: fileStorage(process.argv[2]),
  WebSocket,
});
device.on('error', (error) => console.error(error.message));
device.on('message', ({ raw }) => console.log(raw));
device.connect();
