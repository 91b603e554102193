import type { Exchange } from './exchange.js';

/** Time that a browser may remember the answer to its question, in seconds. */
const MAX_AGE = '7200';

/**
 * Lets pages of these origins call, and no others. Only for paths that take no key: what a page knows, its readers
 * know.
 *
 * @param origins such as `https://shop.example.com`, or `*` for all; empty: no page of another origin may call
 * @param methods of the path
 * @returns whether the request was a browser's question, which is answered
 */
export function answerCors(exchange: Exchange, origins: ReadonlySet<string>, methods: string): boolean {
  if (origins.size === 0) return false;
  const { method, origin, requestedMethod } = exchange;
  const isAny = origins.has('*');
  if (!isAny) exchange.addHeaders({ Vary: 'Origin' });
  if (origin === '' || !(isAny || origins.has(origin))) return false;
  exchange.addHeaders({
    'Access-Control-Allow-Origin': isAny ? '*' : origin,
    'Access-Control-Expose-Headers': 'Retry-After, X-OnePush-Warning',
  });
  if (method !== 'options' || requestedMethod === '') return false;
  exchange.addHeaders({
    'Access-Control-Allow-Methods': methods,
    'Access-Control-Allow-Headers': 'Content-Type, Authorization, Last-Event-ID',
    'Access-Control-Max-Age': MAX_AGE,
  });
  // With a body, as all answers.
  exchange.sendJson({});
  return true;
}
