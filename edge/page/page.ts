import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Exchange } from '../http/exchange.js';

/** A file that the edge serves, and the headers that it comes with. */
export interface StaticFile {
  /** The file. */
  readonly body: Uint8Array;
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The app that `make run` makes, with the key that the documents show. */
const TRIAL_APP = 'testapp1:dkdka';
/** Folder of the pages of docs/, beside the programs. */
const DOCS = new URL('../../docs/', import.meta.url);

/**
 * Reads the page at `/` and puts its script, its style and the key for Web Push into it. Its policy allows that style
 * and that script, by their hashes, and no other; as service worker what the edge serves.
 *
 * @param isTrial puts the key of the trial app in, too: for readers on this machine
 */
export function loadPage(options: { vapidPublicKey: string | undefined; isTrial: boolean }): StaticFile {
  const style = readText('page.css');
  const script = readText('client.js');
  // Functions, for a text may have what is special in replacements. Keys are base64url, and words: nothing to escape.
  const html = readText('page.html')
    .replace('<style></style>', () => `<style>${style}</style>`)
    .replace('<script type="module"></script>', () => `<script type="module">${script}</script>`)
    .replace(...toMeta('vapid-public-key', options.vapidPublicKey ?? ''))
    .replace(...toMeta('trial-app', options.isTrial ? TRIAL_APP : ''));
  return toFile('text/html; charset=utf-8', html, [
    "default-src 'none'",
    `style-src ${hashOf(style)}`,
    `script-src ${hashOf(script)}`,
    "worker-src 'self'",
    "connect-src 'self' ws: wss:",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ]);
}

/** Reads the page's service worker, which takes no other script and calls only this edge. */
export function loadWorker(): StaticFile {
  return toFile('text/javascript; charset=utf-8', readText('sw.js'), ["default-src 'none'", "connect-src 'self'"]);
}

/** Returns what reads a page of docs/ by its name, once; undefined: there is none. */
export function createDocs(): (name: string) => StaticFile | undefined {
  const names = new Set(readdirSync(DOCS));
  const loaded = new Map<string, StaticFile>();
  return (name) => {
    if (!names.has(name)) return undefined;
    const file = loaded.get(name) ?? toFile('text/plain; charset=utf-8', readText(name, DOCS), ["default-src 'none'"]);
    loaded.set(name, file);
    return file;
  };
}

/** Returns a document in JSON, which anyone may read. */
export function toJsonFile(document: object): StaticFile {
  return toFile('application/json; charset=utf-8', JSON.stringify(document), ["default-src 'none'"]);
}

function readText(name: string, folder: URL = new URL('.', import.meta.url)): string {
  return readFileSync(fileURLToPath(new URL(name, folder)), 'utf8');
}

/** The arguments of `replace` that give an element of the head its content. */
function toMeta(name: string, content: string): [string, string] {
  return [`<meta name="${name}" content="">`, `<meta name="${name}" content="${content}">`];
}

/** Answers with a file, or that the client has it as it is. */
export function sendFile(exchange: Pick<Exchange, 'method' | 'ifNoneMatch' | 'send'>, file: StaticFile): void {
  const { body, headers } = file;
  const { 'Content-Type': _, ...others } = headers;
  // Proxies that compress it make its tag a weak one.
  const tags = exchange.ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  const isKnown = exchange.method === 'get' && (tags.includes(headers.ETag ?? '') || tags.includes('*'));
  if (isKnown) exchange.send('304 Not Modified', others, '');
  else exchange.send('200 OK', headers, body);
}

function toFile(type: string, text: string, policy: string[]): StaticFile {
  return {
    body: Buffer.from(text),
    headers: {
      'Content-Type': type,
      ETag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`,
      'Cache-Control': 'no-cache',
      'Content-Security-Policy': policy.join('; '),
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
    },
  };
}

/** The source expression for the text of an element. */
function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
