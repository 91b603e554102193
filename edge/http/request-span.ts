import { OnePushError } from '../../common/errors.js';
import type { Span, TraceHeaders, Tracer } from '../../common/tracing/tracer.js';
import type { CoreLink } from '../link/client.js';

/** The span of one request that is sampled. */
export interface RequestSpan {
  /** Ends it with the status of the answer: its code, and the phrase. */
  answered(status: string): void;
  /** Marks it as failed for a reason of the table of errors; `status`: the code that it is answered with. */
  failed(reason: string, status: number): void;
  /** Ends it: the client went away. */
  aborted(): void;
  /** Returns the link for what the request calls, with the span as the one that calls. */
  over(link: CoreLink): CoreLink;
}

/** Methods that HTTP knows: others are not to become names of spans. */
const METHODS = new Set(['get', 'head', 'post', 'put', 'delete', 'connect', 'options', 'trace', 'patch']);

/**
 * Begins the span of a request; undefined: it is not sampled. The path is not in it, which has ids of devices, nor is
 * any of its fields.
 *
 * @param headers of the caller, as they came
 */
export function startRequestSpan(
  tracer: Tracer,
  { method, route, headers }: { method: string; route: string; headers: TraceHeaders },
): RequestSpan | undefined {
  const isKnown = METHODS.has(method);
  const span = tracer.start(`${isKnown ? method.toUpperCase() : 'HTTP'} ${route}`, {
    kind: 'SERVER',
    parent: tracer.read(headers),
    attributes: { 'http.request.method': isKnown ? method.toUpperCase() : '_OTHER', 'http.route': route },
  });
  if (span === undefined) return undefined;
  return {
    answered(status) {
      span.set({ 'http.response.status_code': Number.parseInt(status, 10) });
      span.end();
    },
    failed: (reason, status) => span.fail(reason, status >= 500),
    aborted() {
      span.fail('aborted', false);
      span.end();
    },
    over: (link) => ({ ...link, call: (init) => callTraced(tracer, span, link, init) }),
  };
}

async function callTraced(
  tracer: Tracer,
  parent: Span,
  link: CoreLink,
  init: Parameters<CoreLink['call']>[0],
): ReturnType<CoreLink['call']> {
  const method = init.request.case ?? 'nothing';
  const span = tracer.start(`link ${method}`, {
    kind: 'CLIENT',
    parent: parent.context,
    attributes: { 'rpc.system': 'onepush_link', 'rpc.method': method },
  });
  try {
    return await link.call({ ...init, ...tracer.write((span ?? parent).context) });
  } catch (error) {
    span?.fail(error instanceof OnePushError ? error.reason : 'UNEXPECTED');
    throw error;
  } finally {
    span?.end();
  }
}
