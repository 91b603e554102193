import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOnePushClient, to } from '../../client/index.js';
import { connectDevice, type TestDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';
import { type RunningProcess, startProcess } from '../support/process.js';
import { hasPythonGrpc } from '../support/python-grpc.js';
import { freshDatabase } from '../support/stores.js';
import { type CertificateFolder, certificateFolder, requestSecurely, shakeHands } from '../support/tls.js';
import { uniqueName } from '../support/users.js';
import { type CertificateAuthority, makeAuthority } from '../support/vendors/certificates.js';

const run = promisify(execFile);
const LOCAL = ['DNS:localhost', 'IP:127.0.0.1'];
const APP = { appId: 'testapp1', appKey: 'dkdka' };
const SOCKETS = 50;

let files: CertificateFolder;
let authority: CertificateAuthority;
let linkAuthority: CertificateAuthority;
let secondAuthority: CertificateAuthority;
let database: { url: string; drop(): Promise<void> };
let core: RunningProcess;
let edge: RunningProcess;
let url: string;
const devices: TestDevice[] = [];
const others: RunningProcess[] = [];

/** The ports of both processes, all of which have one certificate. */
const ports = () => [edge.ready.http, edge.ready.ops, core.ready.grpc, core.ready.connect, core.ready.ops].map(String);
const coreAddress = (host = 'localhost') => String(core.ready.grpc).replace('127.0.0.1', host);
const linkEnv = (name: string) => ({
  ONEPUSH_LINK_TLS_CA: files.path('ca.pem'),
  ONEPUSH_LINK_TLS_CERT: files.path(`${name}.pem`),
  ONEPUSH_LINK_TLS_KEY: files.path(`${name}.key`),
});

/** An edge with other files for the link, or none; it never attaches. */
async function startEdge(env: Record<string, string>): Promise<RunningProcess> {
  const started = await startProcess('edge', {
    ONEPUSH_HTTP_LISTEN: '127.0.0.1:0',
    ONEPUSH_CORE_ADDRS: coreAddress(),
    ...env,
  });
  others.push(started);
  return started;
}

async function register(alias: string): Promise<string> {
  const body = { ...APP, alias, platform: 'ANDROID', nativeToken: alias };
  const answer = await requestSecurely(`${url}/msgpush/register`, authority.ca, { body });
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return JSON.parse(answer.text).id;
}

const send = (audiences: string[] | 'ALL', alert: string) =>
  requestSecurely(`${url}/msgpush/send`, authority.ca, { body: { ...APP, audiences, alert } });

/** Resolves once a port shows a certificate with this name: the listener before may take what comes in that turn. */
const showing = (port: string, name: string) =>
  eventually(async () => (await shakeHands(port, authority)).subjectaltname?.includes(name));

beforeAll(async () => {
  files = await certificateFolder();
  const unknown = await makeAuthority('unknown');
  authority = await makeAuthority('servers');
  linkAuthority = await makeAuthority('edges');
  secondAuthority = await makeAuthority('edges, later');
  await files.write('ca.pem', authority.ca);
  await files.write('edges-ca.pem', linkAuthority.ca);
  await files.writePair('server', await authority.issue(LOCAL));
  await files.writePair('edge', await linkAuthority.issue(['DNS:edge']));
  await files.writePair('expired', await linkAuthority.issue(['DNS:edge'], -1));
  await files.writePair('second', await secondAuthority.issue(['DNS:edge']));
  await files.writePair('unknown', await unknown.issue(['DNS:edge']));
  database = await freshDatabase('sqlite');
  const tls = { ONEPUSH_TLS_CERT: files.path('server.pem'), ONEPUSH_TLS_KEY: files.path('server.key') };
  core = await startProcess('core', {
    ONEPUSH_DATABASE_URL: database.url,
    ONEPUSH_GRPC_LISTEN: '127.0.0.1:0',
    ONEPUSH_CONNECT_LISTEN: '127.0.0.1:0',
    ONEPUSH_BOOTSTRAP_APP: `${APP.appId}:${APP.appKey}`,
    ONEPUSH_LINK_TLS_CA: files.path('edges-ca.pem'),
    ...tls,
  });
  edge = await startProcess('edge', {
    ONEPUSH_HTTP_LISTEN: '127.0.0.1:0',
    ONEPUSH_HTTP_REDIRECT_LISTEN: `127.0.0.1:${await freePort()}`,
    ONEPUSH_HTTP_REDIRECT_PORT: '8443',
    ONEPUSH_HSTS_SECONDS: '31536000',
    ONEPUSH_CORE_ADDRS: coreAddress(),
    ...linkEnv('edge'),
    ...tls,
  });
  url = `https://${edge.ready.http}`;
  await edge.waitForLog('attached to a core');
});
afterAll(async () => {
  await Promise.all(devices.map((device) => device.close()));
  await Promise.all(others.map((other) => other.stop()));
  await edge?.stop();
  await core?.stop();
  await database?.drop();
  await files?.remove();
});

describe('TLS', () => {
  it('is spoken by REST, WebSockets, Connect, gRPC and the ops ports', async () => {
    const alias = uniqueName();
    const deviceId = await register(alias);
    const device = connectDevice(`wss://${edge.ready.http}/msgpush.ws`, deviceId, { ca: authority.ca });
    devices.push(device);
    await device.opened;
    const tls = { ca: authority.ca };
    const places = [{ address: String(core.ready.grpc) }, { baseUrl: `https://${core.ready.connect}` }];
    for (const place of places) {
      const client = createOnePushClient({ ...place, tls, ...APP });
      await client.send({ audience: to.aliases(alias), alert: 'by rpc' });
      await client.close();
    }
    expect((await send([alias], 'by rest')).status).toBe(200);
    expect((await device.waitForCount(3)).map(({ alert }) => alert)).toEqual(['by rpc', 'by rpc', 'by rest']);
    for (const address of [core.ready.ops, edge.ready.ops]) {
      const { text } = await requestSecurely(`https://${address}/metrics`, authority.ca);
      const [, left] = /^onepush_tls_certificate_remaining_seconds\{use="ports"\} (\d+)/m.exec(text) ?? [];
      expect(Number(left)).toBeGreaterThan(3600);
      expect(Number(left)).toBeLessThan(48 * 3600);
    }
  });

  it('keeps sockets and the link when a certificate is replaced, and shows the new one at every port', async () => {
    const ids = await Promise.all(Array.from({ length: SOCKETS }, () => register(uniqueName())));
    const sockets = ids.map((id) => connectDevice(`wss://${edge.ready.http}/msgpush.ws`, id, { ca: authority.ca }));
    devices.push(...sockets);
    await Promise.all(sockets.map((socket) => socket.opened));
    const next = await authority.issue([...LOCAL, 'DNS:next']);
    // No signal: the files are looked at.
    await files.writePair('server', next);
    for (const process of [edge, core]) await process.waitForLog('TLS files loaded');
    for (const port of ports()) await showing(port, 'DNS:next');
    expect((await send('ALL', 'all of you')).status).toBe(200);
    const got = await Promise.all(sockets.map((socket) => socket.waitForCount(1)));
    expect(got.flat().map(({ alert }) => alert)).toEqual(Array(SOCKETS).fill('all of you'));
    expect(edge.logs().join()).not.toContain('detached from the core');
  });

  it.each([
    ['is of another key', async () => files.write('server.key', (await authority.issue(LOCAL)).key)],
    ['is no certificate', () => files.write('server.pem', 'rubbish')],
    ['has expired', async () => files.writePair('server', await authority.issue([...LOCAL, 'DNS:old'], -1))],
    ['is not there', async () => files.write('server.pem', '').then(() => files.remove('server.pem'))],
  ])('keeps the last certificate when the new one %s, and says so', async (_, spoil) => {
    await spoil();
    const before = edge.logs().length;
    for (const process of [edge, core]) process.child.kill('SIGHUP');
    await eventually(() => edge.logs().slice(before).join().includes('TLS files refused'));
    expect((await shakeHands(ports()[0] ?? '', authority)).subjectaltname).toContain('DNS:next');
    const { text } = await requestSecurely(`https://${edge.ready.ops}/metrics`, authority.ca);
    expect(text).toMatch(/^onepush_tls_reloads_total\{use="ports",outcome="refused"\} [1-9]/m);
  });

  it('takes a whole certificate again after one that was not', async () => {
    await files.writePair('server', await authority.issue([...LOCAL, 'DNS:again']));
    for (const process of [edge, core]) process.child.kill('SIGHUP');
    for (const port of ports()) await showing(port, 'DNS:again');
  });

  it('is replaced in all workers of an edge', async () => {
    const pair = { ONEPUSH_TLS_CERT: files.path('shared.pem'), ONEPUSH_TLS_KEY: files.path('shared.key') };
    await files.writePair('shared', await authority.issue([...LOCAL, 'DNS:first']));
    const parent = await startEdge({ ...linkEnv('edge'), ...pair, ONEPUSH_EDGE_WORKERS: '2' });
    await files.writePair('shared', await authority.issue([...LOCAL, 'DNS:second']));
    parent.child.kill('SIGHUP');
    const loaded = () =>
      parent.logs().filter((line) => line.includes('"use":"ports"') && line.includes('files loaded'));
    await eventually(() => loaded().length >= 3);
    await showing(String(parent.ready.ops), 'DNS:second');
    const address = String(parent.ready.http);
    await eventually(async () => {
      const names = await Promise.all(Array.from({ length: 10 }, () => shakeHands(address, authority)));
      return names.every(({ subjectaltname }) => subjectaltname?.includes('DNS:second'));
    });
  });

  it('is not older than 1.2, and is trusted by openssl and curl', async () => {
    for (const port of ports()) {
      await expect(shakeHands(port, { maxVersion: 'TLSv1.1' })).rejects.toThrow();
      await shakeHands(port, { maxVersion: 'TLSv1.2' });
    }
    const options = [
      '-CAfile',
      files.path('ca.pem'),
      '-verify_return_error',
      '-verify_hostname',
      'localhost',
      '-brief',
    ];
    const openssl = run('openssl', ['s_client', '-connect', ports()[0] ?? '', ...options]);
    openssl.child.stdin?.end();
    expect((await openssl).stderr).toContain('Verification: OK');
    const curl = await run('curl', ['-si', '--cacert', files.path('ca.pem'), `${url}/healthz`]);
    expect(curl.stdout).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(curl.stdout).toContain('Strict-Transport-Security: max-age=31536000');
  });

  it.runIf(hasPythonGrpc())('is trusted by gRPC in C, as Python has it', async () => {
    const program = [
      'import grpc, sys',
      "trusted = grpc.ssl_channel_credentials(open(sys.argv[1], 'rb').read())",
      'grpc.channel_ready_future(grpc.secure_channel(sys.argv[2], trusted)).result(timeout=10)',
      "print('ready')",
    ];
    const args = [files.path('ca.pem'), coreAddress()];
    const { stdout } = await run('/usr/bin/python3', ['-c', program.join('\n'), ...args]);
    expect(stdout).toBe('ready\n');
  });

  it('closes a connection that speaks plain HTTP', async () => {
    for (const port of ports()) {
      const answer = new Promise<string>((resolve) => {
        let text = '';
        const socket = connect(Number(port.split(':')[1]), '127.0.0.1');
        socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
        socket.setEncoding('latin1').on('data', (chunk) => {
          text += chunk;
        });
        // A reset is as good as an end.
        socket.on('error', () => resolve(text)).on('close', () => resolve(text));
      });
      expect(await answer).not.toContain('HTTP/1.1 200');
    }
  });
});

describe('plain HTTP beside TLS', () => {
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`http://${edge.ready.redirect}${path}`, { redirect: 'manual', ...init });

  it('sends readers to https', async () => {
    for (const method of ['GET', 'HEAD']) {
      const { status, headers } = await ask('/apps/x?y=%20z', { method });
      expect([status, headers.get('location')]).toEqual([308, 'https://127.0.0.1:8443/apps/x?y=%20z']);
    }
  });

  it('refuses what may carry a secret, and does not send it on', async () => {
    const body = JSON.stringify({ ...APP, audiences: ['alice'], alert: 'x' });
    for (const answer of [
      await ask('/msgpush/send', { method: 'POST', body }),
      await ask('/apps/x', { headers: { authorization: 'Bearer secret' } }),
    ]) {
      expect([answer.status, answer.headers.get('location')]).toEqual([426, null]);
      expect(await answer.json()).toMatchObject({ code: 42602 });
    }
    const device = connectDevice(`ws://${edge.ready.redirect}/msgpush.ws`, 'a'.repeat(32));
    await expect(device.opened).rejects.toThrow('426');
  });
});

describe('TLS on the link', () => {
  const REFUSED = "the core refuses the link's certificate";
  const UNTRUSTED = "the core's certificate is not trusted";

  it('takes no edge without a certificate of its CAs, though it has the token', async () => {
    const edges = [{ ONEPUSH_LINK_TLS_CA: files.path('ca.pem') }, linkEnv('unknown'), linkEnv('expired')];
    const [without] = await Promise.all(
      edges.map(async (env) => {
        const started = await startEdge(env);
        await started.waitForLog(REFUSED);
        return started;
      }),
    );
    const readyz = await fetch(`http://${without?.ready.http}/readyz`);
    expect([readyz.status, await readyz.text()]).toEqual([503, `no core is attached: ${REFUSED}\n`]);
  });

  it('takes no core of another CA, or with another name', async () => {
    const edges: Record<string, string>[] = [
      { ONEPUSH_LINK_TLS_CA: files.path('edges-ca.pem') },
      { ONEPUSH_CORE_ADDRS: coreAddress('0.0.0.0') },
    ];
    await Promise.all(
      edges.map(async (env) => {
        const started = await startEdge({ ...linkEnv('edge'), ...env });
        await started.waitForLog(UNTRUSTED);
      }),
    );
  });

  it('is rotated without a restart: what is attached stays, and who attaches needs the new certificate', async () => {
    await files.write('edges-ca.pem', secondAuthority.ca);
    core.child.kill('SIGHUP');
    await core.waitForLog((line) => line.includes('"use":"link"') && line.includes('TLS files loaded'));
    const [, attached] = await Promise.all([
      startEdge(linkEnv('edge')).then((started) => started.waitForLog(REFUSED)),
      startEdge(linkEnv('second')),
    ]);
    await attached.waitForLog('attached to a core');
    expect(edge.logs().join()).not.toContain('detached from the core');
  });
});
