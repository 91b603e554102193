import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './dist.js';
import { eventually } from './eventually.js';
import { guard } from './guard.js';
import { freePort } from './ports.js';

const { NGINX_PATH, CI } = process.env;
const CANDIDATES = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/local/bin/nginx', '/usr/bin/nginx'];
const executablePath = NGINX_PATH || CANDIDATES.find((path) => existsSync(path));

/** An nginx in front of an edge. */
export interface Nginx {
  /** Its root URL, without a slash at the end. */
  readonly httpUrl: string;
  stop(): Promise<void>;
}

/** Whether this machine has no nginx, which a warning says then; never where CI must cover it. */
export function skipWithoutNginx(file: string): boolean {
  const skipped = executablePath === undefined && !CI;
  if (skipped)
    console.warn(`what ${file} sends through nginx is skipped: install nginx, or set NGINX_PATH, to cover it.`);
  return skipped;
}

/**
 * Starts nginx with the configuration of docs/operations.md, in plain HTTP on a port of its own. Rejects where there is
 * none.
 *
 * @param more further directives
 * @param readTimeout nginx' time for an upstream that says nothing, in place of the documented one
 */
export async function startNginx(options: { edgeUrl: string; readTimeout: string; more?: string }): Promise<Nginx> {
  const port = await freePort();
  const documented = await readDocumented();
  const site = replaceAll(documented, [
    ['server 127.0.0.1:8080;', `server ${new URL(options.edgeUrl).host};`],
    ['listen 443 ssl;', `listen 127.0.0.1:${port};`],
    ['proxy_read_timeout 60s;', `proxy_read_timeout ${options.readTimeout};`],
  ]).replaceAll(/^\s*ssl_certificate.*$/gm, '');
  return runNginx(`${options.more ?? ''}\n${site}`, port);
}

/**
 * Starts nginx with these contents of its http block, of which a server listens on `port` in plain HTTP and leads to an
 * edge. Rejects where there is no nginx.
 */
export async function runNginx(site: string, port: number): Promise<Nginx> {
  if (executablePath === undefined) throw new Error(`CI needs an nginx: none of ${CANDIDATES.join(', ')} exists`);
  const directory = await mkdtemp(join(tmpdir(), 'onepush-nginx-'));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const config = `
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    pid ${directory}/pid;
    error_log ${directory}/error.log;
    daemon off;
    worker_processes 1;
    events {}
    http {
      access_log off;
      ${temporary.map((name) => `${name}_temp_path ${directory}/${name};`).join('\n')}
      ${site}
    }`;
  await writeFile(join(directory, 'nginx.conf'), config);
  const child = spawn(
    executablePath,
    ['-p', directory, '-e', join(directory, 'error.log'), '-c', join(directory, 'nginx.conf')],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  const closed = once(child, 'close');
  const release = guard(child.pid, directory);
  const httpUrl = `http://127.0.0.1:${port}`;
  async function stop(): Promise<void> {
    child.kill('SIGTERM');
    await closed;
    release();
    await rm(directory, { recursive: true, force: true });
  }
  try {
    await eventually(async () => (await fetch(`${httpUrl}/healthz`)).ok, { message: 'nginx to answer' });
  } catch (error) {
    console.error(await readFile(join(directory, 'error.log'), 'utf8').catch(() => ''));
    await stop();
    throw error;
  }
  return { httpUrl, stop };
}

/** The block of docs/operations.md that is for nginx. */
async function readDocumented(): Promise<string> {
  const page = await readFile(join(ROOT, 'docs/operations.md'), 'utf8');
  const [, block] = /^```nginx\n(.*?)^```$/ms.exec(page) ?? [];
  if (block === undefined) throw new Error('docs/operations.md has no configuration for nginx');
  return block;
}

/**
 * Replaces all pairs.
 *
 * @throws Error if a text to replace is not there: then the documented configuration has changed
 */
export function replaceAll(text: string, pairs: readonly [string, string][]): string {
  return pairs.reduce((rest, [from, to]) => {
    if (!rest.includes(from)) throw new Error(`the documented configuration has no "${from}"`);
    return rest.replaceAll(from, to);
  }, text);
}
