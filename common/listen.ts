import { WebSocket } from 'ws';

/** `npm run -s listen -- ws://host:port <deviceId>`: prints what a device gets, until Ctrl-C or the server's close. */
const [server, deviceId] = process.argv.slice(2);
if (server === undefined || deviceId === undefined) {
  process.stderr.write('usage: npm run -s listen -- ws://127.0.0.1:8080 <deviceId>\n');
  process.exit(2);
}
const socket = new WebSocket(`${server}/msgpush.ws?deviceId=${deviceId}`);
const heartbeat = setInterval(() => socket.readyState === WebSocket.OPEN && socket.send('HBT'), 30_000);
socket.on('open', () => process.stdout.write('connected\n'));
socket.on('message', (data) => {
  if (String(data) !== 'ACK1') process.stdout.write(`${data}\n`);
});
socket.on('error', (error) => process.stderr.write(`${error.message}\n`));
socket.on('close', (code, reason) => {
  clearInterval(heartbeat);
  process.stdout.write(`closed: ${code} ${reason}\n`);
});
