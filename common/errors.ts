/**
 * Every way in which a call can fail: one row for each, mapped once at each boundary. `code` is what REST callers see:
 * the HTTP status followed by two digits. docs/errors.md is tested against this table.
 */
export const ERRORS = {
  INVALID_FIELDS: { code: 40001, grpc: 'INVALID_ARGUMENT', message: 'Some fields are not as documented' },
  MALFORMED_JSON: { code: 40002, grpc: 'INVALID_ARGUMENT', message: 'The body is not JSON in UTF-8' },
  NOT_AN_OBJECT: { code: 40003, grpc: 'INVALID_ARGUMENT', message: 'The body must be a JSON object' },
  AMBIGUOUS_REQUEST: {
    code: 40004,
    grpc: 'INVALID_ARGUMENT',
    message: 'The head of the request can be read in two ways',
  },
  MALFORMED_MESSAGE: { code: 40005, grpc: 'INVALID_ARGUMENT', message: 'The message cannot be read' },
  WRONG_APP_KEY: { code: 40101, grpc: 'UNAUTHENTICATED', message: 'The app key is wrong or missing' },
  WRONG_ADMIN_TOKEN: { code: 40102, grpc: 'UNAUTHENTICATED', message: 'The admin token is wrong or missing' },
  REGISTRATION_TOKEN_MISSING: {
    code: 40110,
    grpc: 'UNAUTHENTICATED',
    message: 'The app takes signed registrations only, and this one has no registration token',
  },
  REGISTRATION_TOKEN_MALFORMED: {
    code: 40111,
    grpc: 'UNAUTHENTICATED',
    message: 'The registration token is not as documented',
  },
  REGISTRATION_TOKEN_EXPIRED: {
    code: 40112,
    grpc: 'UNAUTHENTICATED',
    message: 'The registration token has expired',
  },
  REGISTRATION_TOKEN_EARLY: {
    code: 40113,
    grpc: 'UNAUTHENTICATED',
    message: 'The registration token is not valid yet',
  },
  REGISTRATION_KEY_UNKNOWN: {
    code: 40114,
    grpc: 'UNAUTHENTICATED',
    message: 'The app has no signing key for the kid and alg of the registration token',
  },
  REGISTRATION_SIGNATURE_WRONG: {
    code: 40115,
    grpc: 'UNAUTHENTICATED',
    message: 'The signature of the registration token is wrong',
  },
  REGISTRATION_WRONG_APP: {
    code: 40310,
    grpc: 'PERMISSION_DENIED',
    message: 'The registration token is for another app',
  },
  REGISTRATION_WRONG_ALIAS: {
    code: 40311,
    grpc: 'PERMISSION_DENIED',
    message: 'The registration token is for another alias',
  },
  REGISTRATION_WRONG_TAG: {
    code: 40312,
    grpc: 'PERMISSION_DENIED',
    message: 'The registration token does not allow one of the tags',
  },
  REGISTRATION_WRONG_DEVICE: {
    code: 40313,
    grpc: 'PERMISSION_DENIED',
    message: 'The registration token is for another device',
  },
  APP_DISABLED: { code: 40301, grpc: 'PERMISSION_DENIED', message: 'The app is disabled' },
  WRONG_SCOPE: { code: 40302, grpc: 'PERMISSION_DENIED', message: 'The app key is not for this' },
  UNKNOWN_PATH: { code: 40401, grpc: 'UNIMPLEMENTED', message: 'There is nothing at this path' },
  UNKNOWN_APP: { code: 40402, grpc: 'NOT_FOUND', message: 'There is no app with this id' },
  UNKNOWN_DEVICE: { code: 40403, grpc: 'NOT_FOUND', message: 'There is no device with this id' },
  UNKNOWN_PUSH: { code: 40404, grpc: 'NOT_FOUND', message: 'There is no push with this id' },
  UNKNOWN_SERVICE: { code: 40405, grpc: 'NOT_FOUND', message: 'There is no service with this name' },
  UNKNOWN_CHANNEL: { code: 40406, grpc: 'NOT_FOUND', message: 'The app has no channel with this name' },
  UNKNOWN_KEY: { code: 40407, grpc: 'NOT_FOUND', message: 'There is no key or token with this id' },
  UNKNOWN_SIGNING_KEY: { code: 40410, grpc: 'NOT_FOUND', message: 'The app has no signing key with this id' },
  UNKNOWN_WEBHOOK: { code: 40411, grpc: 'NOT_FOUND', message: 'The app has no webhook with this id' },
  METHOD_NOT_ALLOWED: { code: 40501, grpc: 'UNIMPLEMENTED', message: 'This path does not take this method' },
  TOO_SLOW: { code: 40801, grpc: 'DEADLINE_EXCEEDED', message: 'The request did not come in time' },
  AUDIENCE_TOO_SLOW: {
    code: 40802,
    grpc: 'DEADLINE_EXCEEDED',
    message: 'The audience could not be counted in time',
  },
  IDEMPOTENCY_CONFLICT: {
    code: 40901,
    grpc: 'ALREADY_EXISTS',
    message: 'The idempotency key was used for another push',
  },
  TOO_MANY_KEYS: {
    code: 40902,
    grpc: 'FAILED_PRECONDITION',
    message: 'There are as many keys as there may be',
  },
  TOO_MANY_WEBHOOKS: {
    code: 40903,
    grpc: 'FAILED_PRECONDITION',
    message: 'The app has as many webhooks as it may have',
  },
  NO_SECRET_KEY: {
    code: 41201,
    grpc: 'FAILED_PRECONDITION',
    message: 'The core has no ONEPUSH_SECRET_KEY, or not the one that this was encrypted with',
  },
  BODY_TOO_LARGE: { code: 41301, grpc: 'RESOURCE_EXHAUSTED', message: 'The body is too large' },
  NOT_JSON_TYPE: { code: 41501, grpc: 'INVALID_ARGUMENT', message: 'The content type must be application/json' },
  COMPRESSED: { code: 41502, grpc: 'UNIMPLEMENTED', message: 'Compressed requests are not taken' },
  UPGRADE_REQUIRED: { code: 42601, grpc: 'UNIMPLEMENTED', message: 'This path takes WebSocket connections' },
  TLS_REQUIRED: {
    code: 42602,
    grpc: 'UNIMPLEMENTED',
    message: 'This is served over https only; a secret in the request was sent in plain text, and should be replaced',
  },
  HEAD_TOO_LARGE: { code: 43101, grpc: 'RESOURCE_EXHAUSTED', message: 'The head of the request is too large' },
  OVERLOADED: { code: 42901, grpc: 'RESOURCE_EXHAUSTED', message: 'Too many calls are waiting', retryAfter: 1 },
  TOO_MANY_DEVICES: {
    code: 42902,
    grpc: 'RESOURCE_EXHAUSTED',
    message: 'The alias has as many devices as it may have',
    retryAfter: 60,
  },
  TOO_MANY_TAGS: {
    code: 42903,
    grpc: 'RESOURCE_EXHAUSTED',
    message: 'The app has as many tags as it may have',
    retryAfter: 60,
  },
  LIMIT_REACHED: {
    code: 42904,
    grpc: 'RESOURCE_EXHAUSTED',
    message: 'A limit is reached',
    retryAfter: 1,
  },
  UNEXPECTED: { code: 50001, grpc: 'INTERNAL', message: 'Something unexpected went wrong; the log has it' },
  CORE_UNAVAILABLE: { code: 50301, grpc: 'UNAVAILABLE', message: 'The core cannot be reached now', retryAfter: 1 },
  STORE_UNAVAILABLE: { code: 50302, grpc: 'UNAVAILABLE', message: 'The store cannot be reached now', retryAfter: 1 },
  REGISTRATION_KEYS_UNAVAILABLE: {
    code: 50310,
    grpc: 'UNAVAILABLE',
    message: 'The keys for the registration token cannot be fetched now',
    retryAfter: 10,
  },
  HTTP_VERSION: { code: 50501, grpc: 'UNIMPLEMENTED', message: 'This is not served over this version of HTTP' },
} as const satisfies Record<string, ErrorRow>;

interface ErrorRow {
  code: number;
  /** The name of the gRPC status code. */
  grpc:
    | 'INVALID_ARGUMENT'
    | 'UNAUTHENTICATED'
    | 'PERMISSION_DENIED'
    | 'NOT_FOUND'
    | 'ALREADY_EXISTS'
    | 'FAILED_PRECONDITION'
    | 'UNIMPLEMENTED'
    | 'RESOURCE_EXHAUSTED'
    | 'DEADLINE_EXCEEDED'
    | 'INTERNAL'
    | 'UNAVAILABLE';
  message: string;
  /** After how many seconds another attempt may succeed; absent where it cannot. */
  retryAfter?: number;
}

/** The name of a row of the table. */
export type Reason = keyof typeof ERRORS;

/** One field that breaks a rule. */
export interface Violation {
  /** The field's JSON name, with an index where it is an element: `audiences[3]`. */
  field: string;
  /** To be read after the name: `must be a string of 1 to 255 characters`. */
  rule: string;
}

/** A failure that the caller is told about. */
export class OnePushError extends Error {
  override name = 'OnePushError';

  constructor(
    readonly reason: Reason,
    readonly details: {
      /** Every offending field. */
      violations?: readonly Violation[];
      /** The id under which the log has the cause of an unexpected error. */
      requestId?: string;
      /** The name of the limit that is reached: `app.sends`. */
      limit?: string;
      /** Milliseconds after which another attempt may succeed; absent: as the row says. */
      retryAfterMs?: number;
      /** Added to the message of the row; for people. */
      hint?: string;
      cause?: unknown;
    } = {},
  ) {
    super(messageOf(reason, details), { cause: details.cause });
  }

  get row(): ErrorRow & { code: number } {
    return ERRORS[this.reason];
  }

  /** After how many seconds another attempt may succeed; undefined: it cannot. */
  get retryAfterSeconds(): number | undefined {
    const { retryAfterMs } = this.details;
    return retryAfterMs === undefined ? this.row.retryAfter : Math.max(1, Math.ceil(retryAfterMs / 1000));
  }

  /** The HTTP status. */
  get status(): number {
    return Math.floor(this.row.code / 100);
  }
}

/** Returns true if this names a row of the table. */
export function isReason(value: string): value is Reason {
  return Object.hasOwn(ERRORS, value);
}

function messageOf(reason: Reason, { violations = [], limit, hint }: OnePushError['details']): string {
  const parts: string[] = [ERRORS[reason].message];
  if (limit !== undefined) parts.push(limit);
  if (hint !== undefined) parts.push(hint);
  if (violations.length > 0) parts.push(violations.map(({ field, rule }) => `${field} ${rule}`).join('; '));
  return parts.join(': ');
}
