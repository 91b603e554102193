import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A file that the edge serves, and the headers that it comes with. */
export interface StaticFile {
  /** The file. */
  readonly body: Uint8Array;
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;
}

const NO_KEY = '<meta name="vapid-public-key" content="">';

/**
 * Reads the page at `/`, and puts the key for Web Push into it. Its policy allows the style and the script that it has,
 * by their hashes, and no other; as service worker what the edge serves.
 */
export function loadPage(vapidPublicKey = ''): StaticFile {
  // The key is base64url: there is nothing to escape.
  const html = readText('page.html').replace(NO_KEY, NO_KEY.replace('""', `"${vapidPublicKey}"`));
  return toFile('text/html; charset=utf-8', html, [
    "default-src 'none'",
    `style-src ${hashOf(html, 'style')}`,
    `script-src ${hashOf(html, 'script')}`,
    "worker-src 'self'",
    "connect-src 'self' ws: wss:",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ]);
}

/** Reads the page's service worker. It fetches nothing and takes no other script. */
export function loadWorker(): StaticFile {
  return toFile('text/javascript; charset=utf-8', readText('worker.js'), ["default-src 'none'"]);
}

/** Returns a document in JSON, which anyone may read. */
export function toJsonFile(document: object): StaticFile {
  return toFile('application/json; charset=utf-8', JSON.stringify(document), ["default-src 'none'"]);
}

function readText(name: string): string {
  return readFileSync(fileURLToPath(new URL(name, import.meta.url)), 'utf8');
}

function toFile(type: string, text: string, policy: string[]): StaticFile {
  return {
    body: Buffer.from(text),
    headers: {
      'Content-Type': type,
      'Cache-Control': 'no-cache',
      'Content-Security-Policy': policy.join('; '),
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
    },
  };
}

/** The source expression for the text of the one element with this name. */
function hashOf(html: string, element: string): string {
  const [, text = ''] = new RegExp(`<${element}[^>]*>(.*?)</${element}>`, 's').exec(html) ?? [];
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
