import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The page at `/`, and the headers that it comes with. */
export interface StaticPage {
  /** The file. */
  readonly body: Uint8Array;
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Reads the page. Its policy allows the style and the script that it has, by their hashes, and no other. */
export function loadPage(): StaticPage {
  const body = readFileSync(fileURLToPath(new URL('./page.html', import.meta.url)));
  const html = body.toString();
  const policy = [
    "default-src 'none'",
    `style-src ${hashOf(html, 'style')}`,
    `script-src ${hashOf(html, 'script')}`,
    "connect-src 'self' ws: wss:",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    body,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
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
