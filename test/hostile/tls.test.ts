import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type RunningProcess, startProcess } from '../support/process.js';
import { freshDatabase } from '../support/stores.js';
import { type CertificateFolder, certificateFolder, requestSecurely, shakeHands } from '../support/tls.js';
import { type CertificateAuthority, makeAuthority } from '../support/vendors/certificates.js';

/** Connections to each port. */
const CONNECTIONS = 200;
/** The first bytes of a handshake: a record of 512 bytes, most of which do not come. */
const HELLO = Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]);
/** In milliseconds: uWebSockets' clock has steps of four seconds, and handshakes have ten. */
const GONE_WITHIN = 40_000;
/** Far below the ten seconds of a handshake. */
const ANSWERED_WITHIN = 6000;

let files: CertificateFolder;
let authority: CertificateAuthority;
let database: { url: string; drop(): Promise<void> };
let core: RunningProcess;
let edge: RunningProcess;
beforeAll(async () => {
  [files, authority] = await Promise.all([certificateFolder(), makeAuthority('hostile')]);
  await files.writePair('server', await authority.issue(['DNS:localhost', 'IP:127.0.0.1']));
  await files.write('ca.pem', authority.ca);
  database = await freshDatabase('sqlite');
  const tls = { ONEPUSH_TLS_CERT: files.path('server.pem'), ONEPUSH_TLS_KEY: files.path('server.key') };
  core = await startProcess('core', {
    ONEPUSH_DATABASE_URL: database.url,
    ONEPUSH_GRPC_LISTEN: '127.0.0.1:0',
    ONEPUSH_CONNECT_LISTEN: '127.0.0.1:0',
    ...tls,
  });
  const link = {
    ONEPUSH_CORE_ADDRS: String(core.ready.grpc).replace('127.0.0.1', 'localhost'),
    ONEPUSH_LINK_TLS_CA: files.path('ca.pem'),
  };
  edge = await startProcess('edge', { ONEPUSH_HTTP_LISTEN: '127.0.0.1:0', ...link, ...tls });
});
afterAll(async () => {
  await edge?.stop();
  await core?.stop();
  await database?.drop();
  await files?.remove();
});

const descriptorsOf = ({ child }: RunningProcess): number => readdirSync(`/proc/${child.pid}/fd`).length;

/** Connects and begins a handshake, which it never ends; `trickle` sends a byte a second. */
function beginHandshake(address: string, trickle: boolean): { socket: Socket; closed: Promise<void> } {
  const socket = connect(Number(address.split(':')[1]), '127.0.0.1');
  socket.on('error', () => {});
  socket.write(HELLO);
  const timer = trickle ? setInterval(() => socket.write('x'), 1000) : undefined;
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      clearInterval(timer);
      resolve();
    });
    // To see that the other side has closed.
    socket.resume();
  });
  return { socket, closed };
}

describe.runIf(process.platform === 'linux')('handshakes that do not end', () => {
  it('hold no descriptor for long, and keep nobody waiting', async () => {
    const ports = [edge.ready.http, core.ready.grpc, core.ready.connect].map(String);
    const before = [descriptorsOf(edge), descriptorsOf(core)];
    const begun = performance.now();
    const half = ports.flatMap((port) =>
      Array.from({ length: CONNECTIONS }, (_, index) => beginHandshake(port, index % 2 === 0)),
    );
    await eventually(() => descriptorsOf(edge) >= (before[0] ?? 0) + CONNECTIONS);
    const asked = performance.now();
    expect((await requestSecurely(`https://${edge.ready.http}/healthz`, authority.ca)).status).toBe(200);
    for (const port of ports) await shakeHands(port, authority);
    expect(performance.now() - asked).toBeLessThan(ANSWERED_WITHIN);
    await Promise.all(half.map(({ closed }) => closed));
    expect(performance.now() - begun).toBeLessThan(GONE_WITHIN);
    await eventually(() => descriptorsOf(edge) <= (before[0] ?? 0) + 2 && descriptorsOf(core) <= (before[1] ?? 0) + 2);
  });
});
