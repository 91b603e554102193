import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import { OnePushError } from '../../common/errors.js';
import type { CheckReadiness } from '../../common/http/server.js';
import type { AddressLimits } from '../address-limits.js';
import type { EventHandlers } from '../events/events.js';
import type { CoreLink } from '../link/client.js';
import { createPageHandlers, type PageOptions } from '../page/handlers.js';
import { sendFile, toJsonFile } from '../page/page.js';
import type { Routes } from '../public-server.js';
import { createRate } from '../rate.js';
import { createApp, getApp } from './apps.js';
import { answerCors } from './cors.js';
import { createCrumbGuard } from './crumb-guard.js';
import { begin, type Exchange, type ExchangeOptions, type Refuse } from './exchange.js';
import { readHistory } from './history.js';
import { createBodyBudget } from './incoming-body.js';
import { createOpenApi } from './openapi/document.js';
import { register, rotate, unregister } from './register.js';
import { deviceTimeline, getPush, listDeliveries, listDevices, recall } from './reports/reports.js';
import { send } from './send.js';
import { createTurns } from './turns.js';

type Handler = (exchange: Exchange, link: CoreLink) => Promise<void> | void;

const LAST_WORDS = { perSecond: 100, burst: 100 };
/** Paths that pages of other origins may call; the others take keys, which do not belong into pages. */
const PATHS_OF_PAGES = new Set([
  '/msgpush/register',
  '/msgpush/unregister',
  '/msgpush/unregister/:deviceId',
  '/msgpush/rotate',
  '/msgpush/rotate/:deviceId',
  '/msgpush/events',
  '/msgpush/confirm',
  '/msgpush/history',
]);
/** Paths whose requests are traced: neither the page nor what load balancers ask. */
const TRACED = /^\/(msgpush|apps)(\/|$)/;
const NO_ORIGINS: ReadonlySet<string> = new Set();
const TEXT_HEADERS = { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' };

/**
 * Serves all paths of the public port, the WebSocket's aside: each with the methods that it takes.
 *
 * @returns what refuses a request of the WebSocket's path
 */
export function serveRoutes(
  app: Pick<Routes, 'any'>,
  options: Omit<ExchangeOptions, 'turns' | 'crumbs' | 'bodies' | 'lastWords'> & {
    link: CoreLink;
    checkReadiness: CheckReadiness;
    webSocketPath: string;
    /** Handlers of devices that receive over HTTP. */
    events: EventHandlers;
    /** Origins of pages that may call; see answerCors. */
    origins: ReadonlySet<string>;
    /** Limits of what one address may do. */
    limits: Pick<AddressLimits, 'registering' | 'readingHistory' | 'unknownId'>;
    /** The page; undefined: there is none. */
    page: PageOptions | undefined;
  },
): Refuse {
  const { link, limits, checkReadiness, webSocketPath } = options;
  const exchanges: ExchangeOptions = {
    ...options,
    turns: createTurns(),
    crumbs: createCrumbGuard(),
    bodies: createBodyBudget(),
    lastWords: createRate(LAST_WORDS),
  };
  const untraced: ExchangeOptions = { ...exchanges, tracer: undefined };
  const get = (handler: Handler) => ({ get: handler, head: handler });
  const openApi = toJsonFile(createOpenApi());
  const routes: Record<string, Record<string, Handler>> = {
    ...(options.page && createPageHandlers(options.page)),
    '/openapi.json': get((exchange) => sendFile(exchange, openApi)),
    '/healthz': get((exchange) => exchange.send('200 OK', TEXT_HEADERS, 'ok\n')),
    '/readyz': get(async (exchange) => {
      const obstacle = await checkReadiness();
      if (obstacle === undefined) exchange.send('200 OK', TEXT_HEADERS, 'ready\n');
      else exchange.send('503 Service Unavailable', TEXT_HEADERS, `${obstacle}\n`);
    }),
    '/msgpush/register': {
      post(exchange, link) {
        limits.registering(exchange.client());
        return register(exchange, link);
      },
    },
    '/msgpush/unregister': { post: unregister },
    '/msgpush/unregister/:deviceId': { post: unregister },
    '/msgpush/rotate': { post: rotate },
    '/msgpush/rotate/:deviceId': { post: rotate },
    '/msgpush/events': get(options.events.receive),
    '/msgpush/confirm': { post: options.events.confirm },
    '/msgpush/history': get((exchange, link) => readHistory(exchange, link, limits)),
    '/msgpush/send': { post: send },
    '/msgpush/push/:requestId': get(getPush),
    '/msgpush/push/:requestId/deliveries': get(listDeliveries),
    '/msgpush/recall/:requestId': { post: recall },
    '/msgpush/devices': get(listDevices),
    '/msgpush/devices/:deviceId/timeline': get(deviceTimeline),
    '/apps': { post: createApp },
    '/apps/:id': get(getApp),
  };
  for (const [path, handlers] of Object.entries(routes)) {
    const byMethod = new Map(Object.entries(handlers));
    const allow = [...byMethod.keys()].join(', ').toUpperCase();
    const origins = PATHS_OF_PAGES.has(path) ? options.origins : NO_ORIGINS;
    const own = TRACED.test(path) ? exchanges : untraced;
    const serve = async (res: HttpResponse, req: HttpRequest): Promise<void> => {
      const exchange = begin(res, req, path, own);
      if (exchange === undefined) return;
      if (answerCors(exchange, origins, allow)) return;
      try {
        const handler = byMethod.get(exchange.method);
        if (handler === undefined) exchange.fail(new OnePushError('METHOD_NOT_ALLOWED'), { Allow: allow });
        else await handler(exchange, exchange.span?.over(link) ?? link);
      } catch (error) {
        exchange.fail(error);
      }
    };
    app.any(path, serve);
    // Both spellings of /apps are documented.
    if (path !== '/' && (!options.isStrict || path === '/apps')) app.any(`${path}/`, serve);
  }
  const refuse: Refuse = (res, req, error) => {
    const exchange = begin(res, req, webSocketPath, untraced);
    // What is refused for want of descriptors is not to keep one.
    if (error.reason === 'OVERLOADED') exchange?.closeAfterwards();
    exchange?.fail(error, error.reason === 'UPGRADE_REQUIRED' ? { Upgrade: 'websocket' } : undefined);
  };
  for (const path of [webSocketPath, `${webSocketPath}/`])
    app.any(path, (res, req) => refuse(res, req, new OnePushError('UPGRADE_REQUIRED')));
  app.any('/*', (res, req) => {
    const hint = options.isStrict && req.getUrl().endsWith('/') ? 'none has a slash at its end' : undefined;
    begin(res, req, 'other', untraced)?.fail(new OnePushError('UNKNOWN_PATH', { hint }));
  });
  return refuse;
}
