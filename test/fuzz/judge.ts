import { ERRORS } from '../../common/errors.js';
import type { HttpAnswer } from './http-lane.js';
import { MARKER } from './input/values.js';
import type { Target } from './target.js';

const CODES = new Set<number>(Object.values(ERRORS).map(({ code }) => code));

/** What no refusal may repeat and no log line have. */
export function secretsOf({ app, spare, adminToken, linkToken }: Target): string[] {
  return [MARKER, app.key, spare.key, adminToken, linkToken];
}

/** Finds which secret a text has, what it has in base64 included; undefined if none. */
export function findSecret(text: string, target: Target): string | undefined {
  const decoded = [...text.matchAll(/[A-Za-z0-9+/_-]{16,}={0,2}/g)].map(([run]) =>
    Buffer.from(run, 'base64').toString('latin1'),
  );
  const all = [text, ...decoded].join('\n');
  const found = secretsOf(target).find((secret) => all.includes(secret));
  return found === undefined ? undefined : `it repeats ${found === MARKER ? 'a value' : 'a secret'} that it was sent`;
}

/** Finds what is wrong with an answer of the edge, in words. `word` counts it. */
export function judgeRest(
  { status, headers, head, body }: HttpAnswer,
  target: Target,
): { word: string; problem?: string } {
  const secret = status === 200 ? undefined : findSecret(head + body, target);
  if (secret !== undefined) return { word: String(status), problem: secret };
  if (headers.get('content-length') !== String(body.length))
    return { word: String(status), problem: 'its length is wrong' };
  if (status === 200) return { word: '200' };
  const code = codeOf(body);
  if (code === undefined) return { word: String(status), problem: 'it is no documented error' };
  const word = String(code);
  if (!CODES.has(code) || Math.floor(code / 100) !== status) return { word, problem: 'its code is not documented' };
  return status >= 500 ? { word, problem: 'it is unexpected' } : { word };
}

function codeOf(body: string): number | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && 'code' in value ? Number(value.code) : undefined;
  } catch {
    return undefined;
  }
}

/** How gRPC statuses may end: INTERNAL, UNKNOWN, UNAVAILABLE, ABORTED and DATA_LOSS are nobody's fault but ours. */
const STATUSES: Record<number, string> = {
  0: 'OK',
  3: 'INVALID_ARGUMENT',
  4: 'DEADLINE_EXCEEDED',
  5: 'NOT_FOUND',
  6: 'ALREADY_EXISTS',
  7: 'PERMISSION_DENIED',
  8: 'RESOURCE_EXHAUSTED',
  9: 'FAILED_PRECONDITION',
  12: 'UNIMPLEMENTED',
  16: 'UNAUTHENTICATED',
};

/** Finds what is wrong with the status and the text of the headers and trailers of a call. */
export function judgeStatus(status: number, text: string, target: Target): { word: string; problem?: string } {
  const word = STATUSES[status] ?? `status ${status}`;
  if (STATUSES[status] === undefined) return { word, problem: 'it is unexpected' };
  const secret = status === 0 ? undefined : findSecret(text, target);
  return secret === undefined ? { word } : { word, problem: secret };
}
