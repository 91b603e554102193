import { WebSocket } from 'ws';

/**
 * `npm run -s listen -- ws://host:port <deviceId> [--confirm]`: prints what a device gets, and confirms it if it is
 * told to, until Ctrl-C or the server's close.
 */
const [server, deviceId, ...flags] = process.argv.slice(2);
if (server === undefined || deviceId === undefined) {
  process.stderr.write('usage: npm run -s listen -- ws://127.0.0.1:8080 <deviceId> [--confirm]\n');
  process.exit(2);
}
const confirming = flags.includes('--confirm');
// Not in the address: proxies write that into their logs.
const socket = new WebSocket(`${server}/msgpush.ws`, { headers: { authorization: `Bearer ${deviceId}` } });
const heartbeat = setInterval(() => socket.readyState === WebSocket.OPEN && socket.send('HBT'), 30_000);
socket.on('open', () => process.stdout.write('connected\n'));
socket.on('message', (data) => {
  const text = String(data);
  if (text === 'ACK1') return;
  process.stdout.write(`${text}\n`);
  const { id, needConfirm }: { id?: string; needConfirm?: boolean } = JSON.parse(text);
  if (confirming && needConfirm) socket.send(`CFM:${id}`);
});
socket.on('error', (error) => process.stderr.write(`${error.message}\n`));
socket.on('close', (code, reason) => {
  clearInterval(heartbeat);
  process.stdout.write(`closed: ${code} ${reason}\n`);
});
