import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT, requireDist } from '../support/dist.js';

const SECRET = 'hunter2';
/** No more than a number of it is needed: root may write everywhere. */
const NOBODY = 65_534;

let folder: string;
beforeAll(async () => {
  requireDist();
  folder = await mkdtemp(join(tmpdir(), 'onepush-settings-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a program that cannot start, and gives the messages of its lines, all of which must be JSON. */
function run(program: string, env: Record<string, string>, uid?: number): Promise<{ code: unknown; lines: string[] }> {
  const options = {
    cwd: ROOT,
    timeout: 45_000,
    env: {
      PATH: process.env.PATH,
      ONEPUSH_DATABASE_URL: `sqlite:${join(folder, 'x.db')}`,
      ONEPUSH_LINK_TOKEN: 'link-token',
      ONEPUSH_GRPC_LISTEN: '127.0.0.1:0',
      ONEPUSH_CONNECT_LISTEN: '127.0.0.1:0',
      ONEPUSH_OPS_LISTEN: '127.0.0.1:0',
      ONEPUSH_HTTP_LISTEN: '127.0.0.1:0',
      ...env,
    },
    ...(uid === undefined ? {} : { uid }),
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [`dist/${program}.js`], options, (error, stdout, stderr) => {
      const output = stdout + stderr;
      expect(output).not.toContain(SECRET);
      const lines = output.trim().split('\n');
      resolve({ code: error?.code ?? 0, lines: lines.map((line) => String(JSON.parse(line).msg)) });
    });
  });
}

const namesOf = (lines: readonly string[]) => lines.map((line) => line.split(' ')[0]).toSorted();

describe('settings', () => {
  it('of the core are all refused together, each by its name, with the names that are none', async () => {
    const { code, lines } = await run('core/main', {
      ONEPUSH_DATABASE_URL: `mysql://root:${SECRET}@db/x?useSSL=true&ssl-mode=YES`,
      ONEPUSH_LINK_TOKEN: `${SECRET}\n`,
      ONEPUSH_ADMIN_TOKEN: `${SECRET} word`,
      ONEPUSH_BOOTSTRAP_APP: `app:${SECRET}é`,
      ONEPUSH_INBOX_LIMIT: '-1',
      ONEPUSH_RETENTION_DAYS: '0x10',
      ONEPUSH_DRAIN_SECONDS: '99999999999999999999',
      ONEPUSH_GRPC_LISTEN: '127.0.0.1:7000',
      ONEPUSH_OPS_LISTEN: '0.0.0.0:7000',
      ONEPUSH_CONNECT_LISTEN: 'localhost',
      ONEPUSH_LOG_LEVEL: SECRET,
      ONEPUSH_INBOX_LIMITS: SECRET,
      ONEPUSH_ALLOW_PLAINTEXT: '1',
    });
    expect(code).toBe(2);
    expect(namesOf(lines)).toEqual([
      'ONEPUSH_ADMIN_TOKEN',
      'ONEPUSH_BOOTSTRAP_APP',
      'ONEPUSH_CONNECT_LISTEN',
      'ONEPUSH_DATABASE_URL',
      'ONEPUSH_DATABASE_URL',
      'ONEPUSH_DRAIN_SECONDS',
      'ONEPUSH_INBOX_LIMIT',
      'ONEPUSH_INBOX_LIMITS',
      'ONEPUSH_LINK_TOKEN',
      'ONEPUSH_LOG_LEVEL',
      'ONEPUSH_OPS_LISTEN',
      'ONEPUSH_RETENTION_DAYS',
    ]);
    expect(lines.join()).toContain('the option useSSL');
  });

  it('of the edge are, too', async () => {
    const { code, lines } = await run('edge/main', {
      ONEPUSH_LINK_TOKEN: `${SECRET}é`,
      ONEPUSH_CORE_ADDRS: '127.0.0.1:9090,127.0.0.1:0',
      ONEPUSH_HTTP_LISTEN: '0.0.0.0:7000',
      ONEPUSH_OPS_LISTEN: '127.0.0.1:7000',
      ONEPUSH_MAX_SESSION: '1',
      ONEPUSH_ALLOW_PLAINTEXT: '1',
    });
    expect(code).toBe(2);
    expect(namesOf(lines)).toEqual([
      'ONEPUSH_CORE_ADDRS',
      'ONEPUSH_LINK_TOKEN',
      'ONEPUSH_MAX_SESSION',
      'ONEPUSH_OPS_LISTEN',
    ]);
  });

  it('that let other machines read along end the process with the ways out', async () => {
    const { code, lines } = await run('edge/main', { ONEPUSH_HTTP_LISTEN: '' });
    const remedy = 'set ONEPUSH_TLS_CERT and ONEPUSH_TLS_KEY; or ONEPUSH_ALLOW_PLAINTEXT=1 where a proxy encrypts it';
    const line = `ONEPUSH_HTTP_LISTEN is plain text beyond this machine: ${remedy} or the network is private`;
    expect({ code, lines }).toEqual({ code: 2, lines: [line] });
  });

  it('that name a port in use end the process, and are named', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const taken = `127.0.0.1:${typeof address === 'object' ? address?.port : undefined}`;
    const tries = [
      ['core/main', 'ONEPUSH_GRPC_LISTEN'],
      ['core/main', 'ONEPUSH_OPS_LISTEN'],
      ['edge/main', 'ONEPUSH_HTTP_LISTEN'],
      ['edge/main', 'ONEPUSH_OPS_LISTEN'],
    ] as const;
    const database = (index: number) => ({ ONEPUSH_DATABASE_URL: `sqlite:${join(folder, `${index}.db`)}` });
    const ends = tries.map(([program, setting], index) => run(program, { ...database(index), [setting]: taken }));
    for (const [index, { code, lines }] of (await Promise.all(ends)).entries()) {
      const line = `cannot listen on ${taken} (${tries[index]?.[1]}): the port is in use (EADDRINUSE)`;
      expect([code, lines.at(-1)]).toEqual([2, line]);
    }
    server.close();
  });

  it.runIf(process.getuid?.() === 0)(
    'that name a database in a place where none can be written say which and why',
    async () => {
      await chmod(folder, 0o755);
      await mkdir(join(folder, 'closed'), { mode: 0o755 });
      await writeFile(join(folder, 'closed', 'there.db'), '');
      for (const [name, cause] of [
        ['new.db', `${join(folder, 'closed')} cannot be written to: no permission (EACCES)`],
        ['there.db', 'it cannot be written to: no permission (EACCES)'],
      ] as const) {
        const file = join(folder, 'closed', name);
        const { code, lines } = await run('core/main', { ONEPUSH_DATABASE_URL: `sqlite:${file}` }, NOBODY);
        expect([code, lines]).toEqual([2, [`ONEPUSH_DATABASE_URL names ${file}: ${cause}`]]);
      }
    },
  );
});
