import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text as readAll } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onepush } from '../support/command.js';
import { ROOT } from '../support/dist.js';
import { freePort } from '../support/ports.js';
import { ADMIN_TOKEN, type Stack, startStack, TEST_APP } from '../support/stack.js';
import { makeAuthority } from '../support/vendors/certificates.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onepush-command-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Settings of processes that could start here, on ports that are free. */
const settings = (): Record<string, string> => ({
  ...Object.fromEntries(['GRPC', 'CONNECT', 'OPS', 'HTTP'].map((name) => [`ONEPUSH_${name}_LISTEN`, '127.0.0.1:0'])),
  ONEPUSH_DATABASE_URL: `sqlite:${join(folder, 'doctor.db')}`,
  ONEPUSH_LINK_TOKEN: 'a-link-token',
});

/** The lines of the doctor that are not fine. */
async function doctor(env: Record<string, string>) {
  const { code, stdout, stderr } = await onepush(['doctor', '--json'], { ...settings(), ...env });
  expect(stderr).toBe('');
  const { checks }: { checks: { name: string; level: string; says: string; next?: string }[] } = JSON.parse(stdout);
  // Whatever else runs on this machine.
  const found = checks.filter(({ name }) => !name.startsWith('--') && name !== 'file limit');
  return { code, stdout, found, failed: found.filter(({ level }) => level === 'fail') };
}

describe('the doctor', () => {
  it('finds nothing wrong with settings that are right, and makes no store', async () => {
    const { code, failed } = await doctor({});
    expect([code, failed]).toEqual([0, []]);
    await expect(stat(join(folder, 'doctor.db'))).rejects.toThrow();
  });

  it('names a setting that is wrong, and one that is none', async () => {
    const { code, found } = await doctor({ ONEPUSH_INBOX_LIMIT: 'many', ONEPUSH_INBOX_LIMITS: '5' });
    expect(code).toBe(1);
    expect(found).toContainEqual(
      expect.objectContaining({ level: 'fail', says: expect.stringMatching(/^ONEPUSH_INBOX_LIMIT must/) }),
    );
    expect(found).toContainEqual(
      expect.objectContaining({ level: 'warn', says: 'ONEPUSH_INBOX_LIMITS is not a setting' }),
    );
  });

  it('names a port that another program has', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { code, failed } = await doctor({ ONEPUSH_GRPC_LISTEN: `127.0.0.1:${port}` });
    server.close();
    expect(code).toBe(1);
    expect(failed).toEqual([
      expect.objectContaining({
        says: expect.stringContaining('(ONEPUSH_GRPC_LISTEN): the port is in use'),
        next: expect.any(String),
      }),
    ]);
  });

  it('names a database that cannot be reached, without its password', async () => {
    const { code, failed, stdout } = await doctor({
      ONEPUSH_DATABASE_URL: 'mysql://nobody:sesame@127.0.0.1:1/nothing',
    });
    expect(code).toBe(1);
    expect(failed).toEqual([expect.objectContaining({ name: 'database', next: expect.any(String) })]);
    expect(stdout).not.toContain('sesame');
  });

  it('names a certificate whose key cannot be read', async () => {
    const cert = join(folder, 'cert.pem');
    await writeFile(cert, 'no certificate');
    const { code, failed } = await doctor({ ONEPUSH_TLS_CERT: cert, ONEPUSH_TLS_KEY: join(folder, 'none.pem') });
    expect(code).toBe(1);
    expect(failed).toEqual([
      expect.objectContaining({ name: "the edge's certificate", says: expect.stringContaining('ONEPUSH_TLS_KEY') }),
    ]);
  });
});

describe('the doctor, of TLS and of places', () => {
  it('names a chain whose certificates do not follow one another', async () => {
    const [one, other] = await Promise.all([makeAuthority('one'), makeAuthority('other')]);
    const { cert, key } = await one.issue(['IP:127.0.0.1'], 60);
    const [certPath, keyPath] = [join(folder, 'chain.pem'), join(folder, 'key.pem')];
    await writeFile(keyPath, key);
    const judge = async (chain: string) => {
      await writeFile(certPath, chain);
      const { failed } = await doctor({ ONEPUSH_TLS_CERT: certPath, ONEPUSH_TLS_KEY: keyPath });
      return failed.filter(({ name }) => name === "the edge's certificate");
    };
    expect(await judge(cert + one.ca)).toEqual([]);
    expect(await judge(cert + other.ca)).toEqual([
      expect.objectContaining({ says: expect.stringContaining('certificate 2'), next: expect.any(String) }),
    ]);
  });

  it('names a core that the edge cannot reach', async () => {
    const { code, failed } = await doctor({ ONEPUSH_CORE_ADDRS: '127.0.0.1:1' });
    expect(code).toBe(1);
    expect(failed).toEqual([expect.objectContaining({ name: 'core of the edge', next: expect.any(String) })]);
  });

  it('tells what answers at the place of an edge and is none', async () => {
    const server = createHttpServer(({ url }, response) =>
      response.writeHead(url === '/readyz' ? 200 : 404).end(),
    ).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { stdout } = await onepush(['doctor', '--json', '--edge', `http://127.0.0.1:${port}`], settings());
    server.close();
    expect(JSON.parse(stdout).checks).toContainEqual(
      expect.objectContaining({ name: '--edge', level: 'fail', says: expect.stringContaining('is no edge') }),
    );
  });
});

describe('onepush', { timeout: 180_000 }, () => {
  const known = (stack: Stack) => ({
    ONEPUSH_SERVER: stack.grpcAddr,
    ONEPUSH_APP_ID: TEST_APP.appId,
    ONEPUSH_APP_KEY: TEST_APP.appKey,
    ONEPUSH_ADMIN_TOKEN: ADMIN_TOKEN,
  });
  async function json(stack: Stack, args: string[], env: Record<string, string> = {}): Promise<unknown> {
    const { stdout, stderr } = await onepush([...args, '--json'], { ...known(stack), ...env });
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  }
  let stack: Stack;
  beforeAll(async () => {
    // Secrets of webhooks are kept with it.
    stack = await startStack({ coreEnv: { ONEPUSH_SECRET_KEY: 'a'.repeat(64) } });
  });
  afterAll(() => stack?.stop());

  it('manages apps and their keys as an admin, whatever app calls otherwise', async () => {
    const { id, appKey } = (await json(stack, ['apps', 'create', 'Shop', '--registration', 'open'])) as Record<
      string,
      string
    >;
    const key = (await json(stack, ['keys', 'create', 'reports', '--scope', 'read', '--app', id ?? ''])) as {
      id: string;
    };
    const [shown, listed, mayNot] = await Promise.all([
      json(stack, ['apps', 'show', id ?? '']),
      json(stack, ['keys', 'list', '--app', id ?? '']),
      onepush(['apps', 'list'], { ...known(stack), ONEPUSH_ADMIN_TOKEN: '' }),
      json(stack, ['send', '--everyone', 'Hello', '--app', id ?? ''], { ONEPUSH_APP_KEY: appKey ?? '' }),
    ]);
    expect(shown).toMatchObject({ id, name: 'Shop', disabled: false, registration: 'OPEN' });
    expect(listed).toMatchObject({ keys: expect.arrayContaining([expect.objectContaining({ id: key.id })]) });
    expect(mayNot).toMatchObject({ code: 4, stderr: expect.stringContaining('ONEPUSH_ADMIN_TOKEN') });
    expect(await json(stack, ['apps', 'list'])).toMatchObject({
      apps: expect.arrayContaining([expect.objectContaining({ id, name: 'Shop' })]),
    });
    expect(await json(stack, ['apps', 'delete', id ?? ''])).toMatchObject({ id, removedAt: expect.any(String) });
  });

  it.each([
    ['no place', 'nonsense', 2, '--server must be'],
    ['an edge', (stack: Stack) => stack.httpUrl, 3, 'is no core'],
    ['the port of gRPC by HTTP/1.1', (stack: Stack) => `http://${stack.grpcAddr}`, 3, 'is no core'],
  ])('says of %s that it is no core', async (_, place, code, words) => {
    const server = typeof place === 'string' ? place : place(stack);
    const ran = await onepush(['send', '--everyone', 'Hello', '--timeout', '2'], {
      ...known(stack),
      ONEPUSH_SERVER: server,
    });
    expect(ran).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(words) });
  });

  it('ends a listener by what the server closed it for, and says so in JSON too', async () => {
    const env = { ONEPUSH_EDGE: stack.httpUrl };
    const [unknown, none] = await Promise.all([
      onepush(['listen', 'f'.repeat(32), '--json'], env),
      onepush(['listen', 'none'], env),
    ]);
    expect(unknown).toMatchObject({ code: 5, stderr: '' });
    expect(JSON.parse(unknown.stdout)).toMatchObject({ error: { kind: 'missing', exitCode: 5 } });
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('closed: 4400') });
  });

  it('makes a webhook, tries it, changes it and removes it', async () => {
    const env = { ...known(stack), ONEPUSH_ADMIN_TOKEN: '' };
    const create = [
      'webhooks',
      'create',
      'https://hook.invalid/hook',
      '--name',
      'orders',
      '--event',
      'receipts',
      '--json',
    ];
    const made = await onepush(create, env);
    expect([made.code, made.stdout, made.stderr]).toEqual([0, expect.stringContaining('whsec_'), '']);
    const { id, secret }: { id: string; secret: string } = JSON.parse(made.stdout);
    expect(secret).toMatch(/^whsec_/);
    const [listed, tested, letters, wrong, ended] = await Promise.all([
      onepush(['webhooks', 'list'], env),
      onepush(['webhooks', 'test', id], env),
      json(stack, ['webhooks', 'dead-letters', id]),
      onepush(['webhooks', 'replay', id], env),
      onepush(['webhooks', 'test', 'whk_none'], env),
    ]);
    expect(listed.stdout).toMatch(new RegExp(`^${id} +orders +https://hook.invalid/hook +RECEIPTS `, 'm'));
    expect(tested).toMatchObject({ code: 1, stdout: expect.stringContaining('no answer') });
    expect(letters).toEqual({ deadLetters: [], more: false });
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('--dead-letters') });
    expect(ended).toMatchObject({ code: 5 });
    expect(await json(stack, ['webhooks', 'update', id, '--disable'])).toMatchObject({ id, state: 'DISABLED' });
    const rotated = await json(stack, ['webhooks', 'rotate', id]);
    expect(rotated).toMatchObject({ secret: expect.stringMatching(/^whsec_/), oldSecretUntil: expect.any(String) });
    expect(rotated).not.toMatchObject({ secret });
    expect(await json(stack, ['webhooks', 'replay', id, '--dead-letters'])).toEqual({ id, deadLetters: 0 });
    expect(await json(stack, ['webhooks', 'delete', id])).toEqual({ id, removed: true });
    expect(await json(stack, ['webhooks', 'list'])).toEqual({ webhooks: [] });
  });

  it('ends a load in time, and says what the service did not take', async () => {
    const mute = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const address = mute.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const args = ['load', '--rate', '50000', '--seconds', '1', '--timeout', '1', '--json'];
    const { code, stdout } = await onepush(args, { ...known(stack), ONEPUSH_SERVER: `127.0.0.1:${port}` });
    mute.close();
    expect(code).toBe(1);
    const { sent, skipped, failed, ...rest }: Record<string, number> = JSON.parse(stdout);
    expect([(sent ?? 0) + (skipped ?? 0), failed]).toEqual([50_000, sent]);
    expect(skipped).toBeGreaterThan(0);
    expect(rest).toMatchObject({ accepted: 0, perSecond: 0 });
    expect(rest).not.toHaveProperty('latencyMs');
  });

  it('does not follow for ever what is not there', async () => {
    const args = ['watch', '--timeout', '1', '--json'];
    const { code, stdout, stderr } = await onepush(args, { ...known(stack), ONEPUSH_SERVER: '127.0.0.1:1' });
    expect([code, stderr]).toEqual([3, '']);
    expect(JSON.parse(stdout)).toMatchObject({ error: { kind: 'unreachable' } });
  });

  it('waits for nothing where a push is for nobody', async () => {
    const { code, stdout, stderr } = await onepush(
      ['send', '--alias', 'nobody', '--wait', '80', 'Hello'],
      known(stack),
    );
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^\d+ {2}0 devices\n$/)]);
    expect(stderr).toContain('it was for nobody');
  });

  it('names the push that was sent to whoever waits no longer', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const target = stack.connectUrl;
    // Passes the send on, and then is gone.
    const proxy = createHttpServer(async (request, response) => {
      if (!String(request.url).endsWith('/SendPush')) return void request.socket.destroy();
      const body = await buffer(request);
      const { 'content-type': type = '', authorization = '' } = request.headers;
      const headers = { 'content-type': type, authorization, 'connect-protocol-version': '1' };
      const answer = await fetch(`${target}${request.url}`, { method: 'POST', headers, body });
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
      response.end(Buffer.from(await answer.arrayBuffer()));
    }).listen(Number(new URL(url).port), '127.0.0.1');
    await once(proxy, 'listening');
    const args = ['send', '--alias', 'nobody', '--wait', '5', '--timeout', '1', '--json', 'Hello'];
    const { code, stdout } = await onepush(args, { ...known(stack), ONEPUSH_SERVER: url });
    proxy.close();
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ error: { requestId: expect.stringMatching(/^\d+$/) } });
  });

  it('measures how long pushes take to be accepted', async () => {
    const load = await json(stack, ['load', '--rate', '50', '--seconds', '1']);
    expect(load).toMatchObject({
      sent: 50,
      accepted: 50,
      failed: 0,
      errors: {},
      latencyMs: { p99: expect.any(Number) },
    });
  });
});

describe('migrate and verify', () => {
  it('make a store, say its version, and find nothing wrong with it', async () => {
    const env = { ONEPUSH_DATABASE_URL: `sqlite:${join(folder, 'new/one.db')}` };
    expect(await onepush(['verify'], env)).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('there is no store'),
    });
    expect(await onepush(['migrate', '--check'], env)).toMatchObject({ code: 1 });
    expect((await onepush(['migrate'], env)).stdout).toMatch(/^sqlite [\d.]+: no store → \w+, \d+ migrations made\n$/);
    expect(await onepush(['migrate', '--check'], env)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('is up to date'),
    });
    expect((await stat(join(folder, 'new/one.db'))).mode & 0o777).toBe(0o600);
    expect(await onepush(['verify'], env)).toMatchObject({
      code: 0,
      stdout: '0 directed pushes, 0 deliveries, 0 wrong sums\n',
    });
  });
});

it('says of a store that is damaged what it is, and what to do', async () => {
  const path = join(folder, 'damaged.db');
  await writeFile(path, `SQLite format 3\0${'x'.repeat(5000)}`);
  const { code, stderr } = await onepush(['verify'], { ONEPUSH_DATABASE_URL: `sqlite:${path}` });
  expect([code, stderr]).toEqual([3, expect.stringMatching(/^onepush: the file is damaged.* backup\.\n$/)]);
});

describe('profiles', () => {
  it('are kept for their owner alone, are used, and lend their secrets to no other service', async () => {
    const env = { XDG_CONFIG_HOME: join(folder, 'config') };
    const add = ['profile', 'add', 'one', '--server', '127.0.0.1:1', '--app', 'shop', '--key-stdin'];
    expect(await onepush(add, env, 'sesame\nopen\n')).toMatchObject({ code: 0 });
    const path = join(folder, 'config/onepush/config.json');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'config/onepush'))).mode & 0o777).toBe(0o700);
    await onepush(['profile', 'add', 'two'], env);
    const list = await onepush(['profile', 'list'], env);
    expect(list.stdout).toMatch(/^\* {2}one .* shop {2}yes {2}yes$/m);
    expect(list.stdout).toMatch(/^ {3}two .* - +no +no$/m);
    expect(list.stdout + list.stderr).not.toContain('sesame');
    const send = ['send', '--everyone', 'Hello', '--timeout', '1'];
    expect(await onepush(send, env)).toMatchObject({ code: 3 });
    expect(await onepush([...send, '--profile', 'two'], env)).toMatchObject({ code: 4 });
    expect(await onepush([...send, '--profile', 'three'], env)).toMatchObject({ code: 2 });
    await chmod(path, 0o644);
    expect(await onepush(send, env)).toMatchObject({ code: 2, stderr: expect.stringContaining('chmod 600') });
    const { stdout } = await onepush(['doctor', '--json'], { ...settings(), ...env });
    expect(JSON.parse(stdout).checks).toContainEqual(
      expect.objectContaining({ name: 'profile and options', level: 'fail', next: expect.stringContaining('chmod') }),
    );
  });
});

describe('the command', () => {
  it('says in JSON, too, why what it started has ended', async () => {
    const { code, stdout } = await onepush(['up', '--json'], { ...settings(), ONEPUSH_INBOX_LIMIT: 'many' });
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { kind: 'usage', exitCode: 2, message: 'the core ended with exit code 2' },
    });
  });

  it('says with 1 that its output cannot be written', async () => {
    const script = '"$0" dist/cli/main.js completion bash > /dev/full';
    const child = spawn('/bin/sh', ['-c', script, process.execPath], { cwd: ROOT, stdio: 'pipe' });
    const [stderr, code] = await Promise.all([
      readAll(child.stderr),
      once(child, 'close').then(([exitCode]: unknown[]) => exitCode),
    ]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^onepush: the output cannot be written: .*\n$/)]);
  });

  it('ends without a word when whoever reads has gone', async () => {
    const script = '"$0" dist/cli/main.js --help | head -n 1; "$0" dist/cli/main.js completion bash | true';
    const child = spawn('/bin/sh', ['-c', script, process.execPath], { cwd: ROOT, stdio: 'pipe' });
    const [stdout, stderr] = await Promise.all([readAll(child.stdout), readAll(child.stderr)]);
    expect([stdout, stderr]).toEqual(['Usage: onepush [options] [command]\n', '']);
  });
});
