import { OnePushError } from '../../common/errors.js';
import type { Exchange } from '../http/exchange.js';
import { createDocs, loadPage, loadWorker, type StaticFile, sendFile } from './page.js';

/** Settings of the page. */
export interface PageOptions {
  /** The key by which browsers know who pushes to them; undefined: the page has no Web Push. */
  readonly vapidPublicKey: string | undefined;
}

/** Handlers of one path. */
type PageHandlers = Record<'get' | 'head', (exchange: Exchange) => void>;

/** Returns the page, its service worker and the documents that it links to, by their paths. */
export function createPageHandlers(options: PageOptions): Record<string, PageHandlers> {
  const ofThisMachine = loadPage({ ...options, isTrial: true });
  const ofOthers = loadPage({ ...options, isTrial: false });
  const worker = loadWorker();
  const docs = createDocs();
  return {
    '/': serve((exchange) => (exchange.isFromThisMachine() ? ofThisMachine : ofOthers)),
    '/sw.js': serve(() => worker),
    '/docs/:name': serve((exchange) => docs(exchange.parameter)),
  };
}

/** @param find the file of a request; undefined: there is none */
function serve(find: (exchange: Exchange) => StaticFile | undefined): PageHandlers {
  const answer = (exchange: Exchange): void => {
    const file = find(exchange);
    if (file === undefined) throw new OnePushError('UNKNOWN_PATH');
    sendFile(exchange, file);
  };
  return { get: answer, head: answer };
}
