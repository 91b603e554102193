import type { TemplatedApp } from 'uWebSockets.js';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { OnePushError } from '../../common/errors.js';
import type { FindObstacle } from '../../common/http-server.js';
import type { CoreLink } from '../link/core-link.js';
import { createApp, getApp } from './apps.js';
import { begin, type Exchange, type ExchangeOptions } from './exchange.js';
import { register, unregister } from './register.js';
import { send } from './send.js';

type Handler = (exchange: Exchange, link: CoreLink) => Promise<void> | void;

const PAGE_HEADERS = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-cache',
  'Content-Security-Policy':
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self' ws: wss:; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};
const TEXT_HEADERS = { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' };

/** All paths of the public port, the WebSocket's aside: each with the methods that it takes. */
export function serveRoutes(
  app: TemplatedApp,
  options: ExchangeOptions & { link: CoreLink; findObstacle: FindObstacle; webSocketPath: string },
): void {
  const { link, findObstacle, webSocketPath } = options;
  const page = readFileSync(fileURLToPath(new URL('./page.html', import.meta.url)));
  const get = (handler: Handler) => ({ get: handler, head: handler });
  const routes: Record<string, Record<string, Handler>> = {
    '/': get((exchange) => exchange.send('200 OK', PAGE_HEADERS, page)),
    '/healthz': get((exchange) => exchange.send('200 OK', TEXT_HEADERS, 'ok\n')),
    '/readyz': get(async (exchange) => {
      const obstacle = await findObstacle();
      if (obstacle === undefined) exchange.send('200 OK', TEXT_HEADERS, 'ready\n');
      else exchange.send('503 Service Unavailable', TEXT_HEADERS, `${obstacle}\n`);
    }),
    '/msgpush/register': { post: register },
    '/msgpush/unregister/:deviceId': { post: unregister },
    '/msgpush/send': { post: send },
    '/apps': { post: createApp },
    '/apps/': { post: createApp },
    '/apps/:id': get(getApp),
  };
  for (const [path, handlers] of Object.entries(routes)) {
    const byMethod = new Map(Object.entries(handlers));
    const allow = [...byMethod.keys()].join(', ').toUpperCase();
    app.any(path, async (res, req) => {
      const exchange = begin(res, req, path, options);
      try {
        const handler = byMethod.get(exchange.method);
        if (handler === undefined) exchange.fail(new OnePushError('METHOD_NOT_ALLOWED'), { Allow: allow });
        else await handler(exchange, link);
      } catch (error) {
        exchange.fail(error);
      }
    });
  }
  app.any(webSocketPath, (res, req) => {
    begin(res, req, webSocketPath, options).fail(new OnePushError('UPGRADE_REQUIRED'), { Upgrade: 'websocket' });
  });
  app.any('/*', (res, req) => {
    begin(res, req, 'other', options).fail(new OnePushError('UNKNOWN_PATH'));
  });
}
