import type { IncomingMessage, ServerResponse } from 'node:http';
import { cors } from '@connectrpc/connect';

/** Time that a browser may remember the answer to its question, in seconds. */
const MAX_AGE = '7200';
const METHODS = cors.allowedMethods.join(', ');
const ALLOWED_HEADERS = [...cors.allowedHeaders, 'Authorization'].join(', ');
const EXPOSED_HEADERS = [...cors.exposedHeaders, 'Retry-After', 'Onepush-Error-Bin'].join(', ');

/**
 * Lets pages of these origins call, and no others. True: the request was a browser's question and is answered.
 *
 * @param origins such as `https://console.example.com`; empty: no page may call
 */
export function answerCors(request: IncomingMessage, response: ServerResponse, origins: ReadonlySet<string>): boolean {
  if (origins.size === 0) return false;
  response.setHeader('vary', 'origin');
  const { origin } = request.headers;
  if (origin === undefined || !origins.has(origin)) return false;
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-expose-headers', EXPOSED_HEADERS);
  if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return false;
  response.setHeader('access-control-allow-methods', METHODS);
  response.setHeader('access-control-allow-headers', ALLOWED_HEADERS);
  response.setHeader('access-control-max-age', MAX_AGE);
  response.writeHead(204).end();
  return true;
}
