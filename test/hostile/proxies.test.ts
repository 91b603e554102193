import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectDevice } from '../support/device.js';
import { ROOT } from '../support/dist.js';
import { eventually } from '../support/eventually.js';
import { guard } from '../support/guard.js';
import { type Nginx, replaceAll, runNginx, skipWithoutNginx } from '../support/nginx.js';
import { freePort } from '../support/ports.js';
import { type RunningProcess, startProcess } from '../support/process.js';
import { post } from '../support/rest.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { type CertificateFolder, certificateFolder, requestSecurely } from '../support/tls.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';
import { localCertificate, testAuthority } from '../support/vendors/certificates.js';

/** Behind the proxies on this machine; ten registrations of an address at once. */
const EDGE_ENV = { ONEPUSH_TRUSTED_PROXIES: '127.0.0.1', ONEPUSH_ADDRESS_REGISTRATIONS_PER_SECOND: '1' };
const withoutNginx = skipWithoutNginx('test/hostile/proxies.test.ts');
const withoutCaddy = spawnSync('caddy', ['version']).status !== 0;
if (withoutCaddy) console.warn('what test/hostile/proxies.test.ts sends through Caddy is skipped: it is not on PATH.');

let stack: Stack;
let other: RunningProcess;
let files: CertificateFolder;
/** Each run of `serve` has an address of its own. */
let strangers = 0;
const edges = (): [string, string] => [new URL(stack.httpUrl).host, other.ready.http ?? ''];
const example = (path: string): string => readFileSync(join(ROOT, 'deploy', path), 'utf8');

beforeAll(async () => {
  stack = await startStack({ edgeEnv: EDGE_ENV });
  other = await startProcess('edge', {
    ONEPUSH_HTTP_LISTEN: '127.0.0.1:0',
    ONEPUSH_CORE_ADDRS: stack.grpcAddr,
    ...EDGE_ENV,
  });
  await eventually(async () => (await fetch(`http://${other.ready.http}/readyz`)).status === 200);
  files = await certificateFolder();
  await files.writePair('edge', await localCertificate());
});
afterAll(async () => {
  await other?.stop();
  await stack?.stop();
  await files?.remove();
});

/**
 * Sends eight devices a message through a proxy, and registers more of them than an address may, with a header that
 * names one. Resolves with the statuses of these.
 */
async function serve(httpUrl: string): Promise<number[]> {
  const wsUrl = `${httpUrl.replace('http', 'ws')}/msgpush.ws`;
  const alias = uniqueName();
  const devices = await Promise.all(
    Array.from({ length: 8 }, async () => connectDevice(wsUrl, await newDevice(httpUrl, alias))),
  );
  await Promise.all(devices.map(({ opened }) => opened));
  const id = await sendPush(httpUrl, { audiences: [alias] });
  await Promise.all(devices.map((device) => device.waitForMessage((message) => message.id === id)));
  await Promise.all(devices.map((device) => device.close()));

  const stranger = `198.51.100.${++strangers}`;
  const register = () =>
    post(
      httpUrl,
      '/msgpush/register',
      { appId: TEST_APP.appId, alias, platform: 'PC', nativeToken: uniqueName() },
      { 'x-forwarded-for': stranger },
    );
  return (await Promise.all(Array.from({ length: 60 }, register))).map(({ status }) => status);
}

describe.skipIf(withoutNginx)('nginx as in deploy/nginx', () => {
  let nginx: Nginx | undefined;
  afterEach(async () => {
    await nginx?.stop();
    nginx = undefined;
  });

  it('spreads devices over two edges, by TLS too, and extends what the header says of addresses', async () => {
    const [port, securePort] = [await freePort(), await freePort()];
    const [one, two] = edges();
    const site = replaceAll(example('nginx/onepush.conf'), [
      ['server 127.0.0.1:8080;', `server ${one};`],
      ['server 127.0.0.1:8082;', `server ${two};`],
      ['listen 443 ssl;', `listen 127.0.0.1:${port}; listen 127.0.0.1:${securePort} ssl;`],
      ['/etc/ssl/onepush.pem', files.path('edge.pem')],
      ['/etc/ssl/onepush.key', files.path('edge.key')],
    ]);
    nginx = await runNginx(site, port);
    const statuses = await serve(nginx.httpUrl);
    expect(statuses).toContain(200);
    expect(statuses).toContain(429);

    const { ca } = await testAuthority();
    const device = connectDevice(
      `wss://127.0.0.1:${securePort}/msgpush.ws`,
      await newDevice(stack.httpUrl, uniqueName()),
      { ca },
    );
    await device.opened;
    await device.close();
    const health = await requestSecurely(`https://127.0.0.1:${securePort}/healthz`, ca);
    expect(health.status).toBe(200);
  });

  it('serves with the names of the containers replaced, as in deploy/compose', async () => {
    const port = await freePort();
    const [one, two] = edges();
    const site = replaceAll(example('compose/nginx.conf'), [
      ['server edge-1:8080;', `server ${one};`],
      ['server edge-2:8080;', `server ${two};`],
      ['listen 8080;', `listen 127.0.0.1:${port};`],
    ]);
    nginx = await runNginx(site, port);
    expect((await fetch(`${nginx.httpUrl}/readyz`)).status).toBe(200);
    await newDevice(nginx.httpUrl, uniqueName());
  });
});

describe.skipIf(withoutCaddy)('Caddy as in deploy/caddy', () => {
  it('spreads devices over two edges, and believes no address that a client names', async () => {
    const port = await freePort();
    const [one, two] = edges();
    const text = replaceAll(example('caddy/Caddyfile'), [
      ['push.example.com', `http://127.0.0.1:${port}`],
      ['127.0.0.1:8080 127.0.0.1:8082', `${one} ${two}`],
    ]);
    const file = await files.write('Caddyfile', `{\n\tadmin off\n}\n${text}`);
    const command = ['--adapter', 'caddyfile', '--config', file];
    const env = {
      ...process.env,
      HOME: files.path(''),
      XDG_DATA_HOME: files.path(''),
      XDG_CONFIG_HOME: files.path(''),
    };
    execFileSync('caddy', ['validate', ...command], { env, stdio: 'pipe' });
    const caddy = spawn('caddy', ['run', ...command], { env, stdio: 'ignore' });
    const closed = once(caddy, 'close');
    caddy.once('exit', guard(caddy.pid));
    try {
      const httpUrl = `http://127.0.0.1:${port}`;
      await eventually(async () => (await fetch(`${httpUrl}/healthz`)).ok, { message: 'Caddy to answer' });
      expect(new Set(await serve(httpUrl))).toEqual(new Set([200]));
    } finally {
      caddy.kill('SIGTERM');
      await closed;
    }
  });
});
