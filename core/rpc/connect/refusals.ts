import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { UniversalHandler } from '@connectrpc/connect/protocol';
import { errorToJson } from '@connectrpc/connect/protocol-connect';
import { OnePushError, type Violation } from '../../../common/errors.js';
import { toConnectError } from './errors.js';

/** Headers that Connect reads before the call is ours, and would repeat in an error without details. */
const PROTOCOL_HEADERS: Readonly<Record<string, { pattern: RegExp; rule: string }>> = {
  'connect-protocol-version': { pattern: /^1$/, rule: 'must be 1' },
  'connect-timeout-ms': { pattern: /^\d{1,10}$/, rule: 'must be a whole number of at most 10 digits' },
  'grpc-timeout': { pattern: /^\d{1,8}[HMSmun]$/, rule: 'must be at most 8 digits and a unit: H, M, S, m, u or n' },
};
const TYPES = 'or application/proto, or one of gRPC-Web; for a stream of answers, application/connect+json or +proto';

/** Answers with an error as Connect carries it. Connect itself answers what it does not serve without a body. */
export function answerWithError(
  response: ServerResponse,
  error: OnePushError,
  headers: Record<string, string> = {},
): void {
  const body = toErrorBody(error);
  response.writeHead(error.status, { ...headers, ...headersOf(body) }).end(body);
}

/** Returns the bytes of an answer to what is no request: there is no ServerResponse to answer with. */
export function toRawAnswer(error: NodeJS.ErrnoException): string {
  const refusal = refusalOf(error.code);
  const body = toErrorBody(refusal);
  const lines = Object.entries({ ...headersOf(body), connection: 'close' }).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${refusal.status} Refused`, ...lines, '', body].join('\r\n');
}

/** Finds out why a request is none for this handler; the headers are to be answered with it. */
export function findRefusal(
  handler: UniversalHandler | undefined,
  { method = '', headers }: IncomingMessage,
): { error: OnePushError; headers?: Record<string, string> } | undefined {
  if (handler === undefined) return { error: new OnePushError('UNKNOWN_PATH') };
  const { host = '', 'content-type': type = '' } = headers;
  if (host === '' || !URL.canParse(`http://${host}`)) {
    return { error: new OnePushError('INVALID_FIELDS', { violations: [{ field: 'host', rule: 'must name a host' }] }) };
  }
  if (handler.method.methodKind === 'bidi_streaming' || handler.method.methodKind === 'client_streaming') {
    return { error: new OnePushError('HTTP_VERSION', { hint: 'streams of requests are served over gRPC' }) };
  }
  if (!handler.allowedMethods.includes(method)) return notAllowed(handler.allowedMethods);
  if (!handler.supportedContentType(type)) return { error: new OnePushError('NOT_JSON_TYPE', { hint: TYPES }) };
  return undefined;
}

/** Returns the error for another method of HTTP, with the header that names the allowed ones. */
export function notAllowed(allowed: readonly string[]): { error: OnePushError; headers: Record<string, string> } {
  return { error: new OnePushError('METHOD_NOT_ALLOWED'), headers: { allow: allowed.join(', ') } };
}

/** Finds the headers of the protocols that are not as these say. */
export function findWrongHeaders(headers: IncomingHttpHeaders): Violation[] {
  const wrong: Violation[] = [];
  for (const [field, { pattern, rule }] of Object.entries(PROTOCOL_HEADERS)) {
    const value = headers[field];
    if (value !== undefined && !pattern.test(String(value))) wrong.push({ field, rule });
  }
  return wrong;
}

function refusalOf(code: string | undefined): OnePushError {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new OnePushError('TOO_SLOW');
    case 'HPE_INVALID_VERSION':
      return new OnePushError('HTTP_VERSION', { hint: 'it is HTTP/1.1' });
    case 'HPE_HEADER_OVERFLOW':
      return new OnePushError('MALFORMED_MESSAGE', { hint: 'the head of the request is larger than 16 KiB' });
    default:
      return new OnePushError('MALFORMED_MESSAGE', { hint: 'it is no request of HTTP/1.1' });
  }
}

function toErrorBody(error: OnePushError): string {
  return `${JSON.stringify(errorToJson(toConnectError(error), undefined))}\n`;
}

function headersOf(body: string): Record<string, string> {
  const length = String(Buffer.byteLength(body));
  return { 'content-type': 'application/json', 'content-length': length, 'cache-control': 'no-store' };
}
