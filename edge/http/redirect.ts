import { OnePushError } from '../../common/errors.js';
import type { Routes } from '../public-server.js';
import { createRate } from '../rate.js';
import { createCrumbGuard } from './crumb-guard.js';
import { begin, type ExchangeOptions } from './exchange.js';
import { createBodyBudget } from './incoming-body.js';
import { createTurns } from './turns.js';

/** A host as a client may have written it, without its port. */
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d+)?$/i;
const ROUTE = 'redirect';
const LAST_WORDS = { perSecond: 100, burst: 100 };

/**
 * Serves plain HTTP beside https: readers are sent on. Whatever else comes is refused, and not sent on: a client that
 * got its answer that way would go on to send its keys and device ids in plain text.
 *
 * @param options `port`: that of https, as clients see it
 */
export function serveRedirects(
  routes: Pick<Routes, 'any'>,
  { port, ...options }: Pick<ExchangeOptions, 'log' | 'observe' | 'findClient'> & { port: number },
): void {
  const exchanges: ExchangeOptions = {
    maxBodyBytes: 0,
    isStrict: false,
    ...options,
    turns: createTurns(),
    crumbs: createCrumbGuard(),
    bodies: createBodyBudget(0),
    lastWords: createRate(LAST_WORDS),
  };
  const end = port === 443 ? '' : `:${port}`;
  routes.any('/*', (res, req) => {
    const [, host] = HOST.exec(req.getHeader('host')) ?? [];
    // Undefined where there is none, whatever its type says.
    const query: string | undefined = req.getQuery();
    const target = `${req.getUrl()}${query === undefined ? '' : `?${query}`}`;
    const isUpgrade = req.getHeader('upgrade') !== '';
    const exchange = begin(res, req, ROUTE, exchanges);
    if (exchange === undefined) return;
    const { method, authorization } = exchange;
    if (!['get', 'head'].includes(method) || authorization !== '' || isUpgrade) {
      exchange.closeAfterwards();
      exchange.fail(new OnePushError('TLS_REQUIRED'), { Upgrade: 'TLS/1.2, HTTP/1.1' });
    } else if (host === undefined) {
      const violations = [{ field: 'host', rule: 'must be the name of a host' }];
      exchange.fail(new OnePushError('INVALID_FIELDS', { violations }));
    } else {
      const location = `https://${host}${end}${target}`;
      exchange.send('308 Permanent Redirect', { ...HEADERS, Location: location }, 'see https\n');
    }
  });
}

const HEADERS = { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' };
