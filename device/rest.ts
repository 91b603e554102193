import { type AbortSignalLike, type Fetch, host } from './host.js';

/** A refusal by the service, or no answer. */
export class RegistrationError extends Error {
  override readonly name = 'RegistrationError';

  /**
   * @param status the HTTP status; 0: there was no answer
   * @param code the service's code, as docs/errors.md has it; 0: none
   * @param retryAfterMs the pause that the service asks for
   */
  constructor(
    message: string,
    readonly status: number,
    readonly code = 0,
    readonly retryAfterMs: number | undefined = undefined,
  ) {
    super(message);
  }

  /** The same again will be refused again. */
  get isFinal(): boolean {
    return this.status >= 400 && this.status < 500 && this.status !== 408 && this.status !== 429;
  }
}

/** An answer of the service: as much of it as is used. */
interface Answer {
  readonly id?: unknown;
  readonly messages?: unknown;
  readonly before?: unknown;
}

/** Time for an answer, in milliseconds. */
const ANSWER_WITHIN_MS = 15_000;

/**
 * Posts JSON, or asks where there is no body, and returns what is answered. Throws a RegistrationError, also when the
 * signal is aborted.
 */
export async function call(
  fetch: Fetch,
  url: string,
  body: string | undefined,
  options: { authorization?: string | undefined; signal?: AbortSignalLike | undefined } = {},
): Promise<Answer> {
  const attempt = new host.AbortController();
  const abort = (): void => attempt.abort();
  const timer = host.setTimeout(abort, ANSWER_WITHIN_MS);
  options.signal?.addEventListener('abort', abort);
  try {
    const headers: Record<string, string> = body === undefined ? {} : { 'Content-Type': 'application/json' };
    const method = body === undefined ? 'GET' : 'POST';
    if (options.authorization !== undefined) headers.Authorization = `Bearer ${options.authorization}`;
    const response = await fetch(url, { method, headers, ...(body !== undefined && { body }), signal: attempt.signal });
    const answer = readJson(await response.text());
    if (response.status === 200) return answer;
    const { message, code } = answer;
    throw new RegistrationError(
      typeof message === 'string' ? message : 'Refused',
      response.status,
      typeof code === 'number' ? code : 0,
      Number(response.headers.get('Retry-After')) * 1_000 || undefined,
    );
  } catch (error) {
    if (error instanceof RegistrationError) throw error;
    throw new RegistrationError('No answer', 0);
  } finally {
    host.clearTimeout(timer);
    options.signal?.removeEventListener('abort', abort);
  }
}

/** Returns the object that a text holds; an empty one where it is the error page of some proxy. */
function readJson(text: string): Answer & { message?: unknown; code?: unknown } {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
