import type { IncomingMessage, ServerResponse } from 'node:http';
import { OnePushError } from '../../../common/errors.js';
import { createKeyedBuckets } from '../../../common/limits/keyed-buckets.js';
import type { Logger } from '../../../common/logs/log.js';
import type { Admins } from '../../registry/admins.js';
import type { Registry } from '../../registry/registry.js';
import type { ClientOf } from '../connect/client.js';
import { answerWithError, notAllowed } from '../connect/refusals.js';
import type { Credentials, SessionOwner } from '../service/auth.js';
import { toOnePushError } from '../wire/failures.js';
import { type ConsoleFile, loadConsoleFiles } from './files.js';
import { type ConsoleSessions, createConsoleSessions, LIFETIME_MS } from './sessions.js';
import { parseSignIn, type SignIn } from './sign-in.js';

/** The operators' page on the Connect port, and who is signed in to it. */
export interface Console {
  /** Serves a path below `/console`; false: it is none of them. */
  serve(path: string, request: IncomingMessage, response: ServerResponse): boolean;
  /** Returns the session that a call comes with, as its credentials; none where the page itself does not make it. */
  credentialsOf(request: IncomingMessage): Credentials;
}

const ROOT = '/console/';
const SESSION = '/console/session';
/** Names of the cookie: browsers take that of TLS from this very host only, and with `Secure`. */
const COOKIE = { plain: 'onepush_console', encrypted: '__Host-onepush_console' };
/** A header that no page of another origin can send without being let by this server. */
const OWN_HEADER = 'x-onepush-console';
/** Failures of an address, each some tenths of a second apart, before it is locked; and a minute for which it is. */
const FAILURES_PER_SECOND = 0.5;
const LOCK_CHARGES = 30;
const MAX_ADDRESSES = 10_000;

/**
 * Nothing comes from elsewhere, nothing is inline, nobody frames it, and no script makes elements or code of texts.
 * They go with every answer, refusals too.
 */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
    "require-trusted-types-for 'script'; trusted-types 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** Returns the console, with nobody signed in. */
export function createConsole(parts: {
  files: ReadonlyMap<string, ConsoleFile>;
  sessions: ConsoleSessions;
  registry: Pick<Registry, 'authenticate' | 'authenticateKey'>;
  admins: Pick<Admins, 'find' | 'findByNumber'>;
  /** Returns who sends a request. */
  clientOf: ClientOf;
  /** True: the port is encrypted. */
  hasTls: boolean;
  log: Logger;
}): Console {
  const { files, sessions, registry, admins, clientOf, hasTls, log } = parts;
  const failures = createKeyedBuckets({ perSecond: FAILURES_PER_SECOND, maxKeys: MAX_ADDRESSES });

  function failed(address: string): void {
    failures.charge(address);
    if (failures.waitMs(address) === 0) return;
    for (let charges = 0; charges < LOCK_CHARGES; charges++) failures.charge(address);
    log.warn({ component: 'console', address }, 'too many failed sign-ins: the address is locked for a minute');
  }

  /** @throws OnePushError LIMIT_REACHED */
  function refuseLocked(address: string): void {
    const retryAfterMs = failures.waitMs(address);
    if (retryAfterMs > 0) throw new OnePushError('LIMIT_REACHED', { limit: 'address.signIns', retryAfterMs });
  }

  /** Returns whose the key or token is, or why it is nobody's. */
  async function identify({ appId, secret }: SignIn): Promise<SessionOwner | OnePushError> {
    if (appId === '') {
      const admin = admins.find(secret);
      return admin === undefined ? new OnePushError('WRONG_ADMIN_TOKEN') : { kind: 'admin', tokenNum: admin.num };
    }
    try {
      const { key } = await registry.authenticate(appId, secret);
      return { kind: 'app', appId, keyNum: key.num };
    } catch (error) {
      if (!(error instanceof OnePushError)) throw error;
      // Which apps there are is nobody's business.
      return error.reason === 'UNKNOWN_APP' ? new OnePushError('WRONG_APP_KEY') : error;
    }
  }

  async function signIn(request: IncomingMessage): Promise<SessionOwner> {
    // Whoever has a network of IPv6 has more addresses than there are tokens.
    const address = clientOf(request).network;
    refuseLocked(address);
    const found = await identify(await parseSignIn(request));
    // Others of the address may have failed meanwhile: while it is locked, nobody learns what was right.
    refuseLocked(address);
    if (!(found instanceof OnePushError)) return found;
    failed(address);
    throw found;
  }

  /** Facts that the page may know of who is signed in; undefined: nobody is, or the key has ended since. */
  async function describe(owner: SessionOwner | undefined): Promise<Record<string, string>> {
    if (owner === undefined) return {};
    if (owner.kind === 'admin') {
      const admin = admins.findByNumber(owner.tokenNum);
      return admin === undefined ? {} : { kind: 'admin', name: admin.name };
    }
    try {
      const { app, key } = await registry.authenticateKey(owner.appId, owner.keyNum);
      return { kind: 'app', appId: app.id, name: app.name, scope: key.scope };
    } catch (error) {
      if (error instanceof OnePushError) return {};
      throw error;
    }
  }

  function isEncrypted({ headers }: IncomingMessage): boolean {
    return hasTls || headers['x-forwarded-proto'] === 'https';
  }

  function cookieFor(request: IncomingMessage, id: string, maxAgeMs: number): string {
    const [name, secure] = isEncrypted(request) ? [COOKIE.encrypted, '; Secure'] : [COOKIE.plain, ''];
    return `${name}=${id}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeMs / 1000}${secure}`;
  }

  /** Empty: it has none. */
  function sessionIdOf(request: IncomingMessage): string {
    const name = isEncrypted(request) ? COOKIE.encrypted : COOKIE.plain;
    return new RegExp(`(?:^|; ?)${name}=([\\w-]{1,64})(?:;|$)`).exec(request.headers.cookie ?? '')?.[1] ?? '';
  }

  async function serveSession(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '' } = request;
    if (!['GET', 'POST', 'DELETE'].includes(method)) throw notAllowed(['GET', 'POST', 'DELETE']).error;
    if (!isOwn(request)) throw new OnePushError('UNKNOWN_PATH');
    const id = sessionIdOf(request);
    let owner = method === 'GET' ? sessions.use(id) : undefined;
    if (method !== 'GET') {
      let cookie = cookieFor(request, '', 0);
      if (method === 'POST') {
        owner = await signIn(request);
        cookie = cookieFor(request, sessions.begin(owner), LIFETIME_MS);
      }
      // Who signs in again, or out, has no earlier session.
      sessions.end(id);
      response.setHeader('set-cookie', cookie);
    }
    const text = JSON.stringify(await describe(owner));
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(text);
  }

  function serveFile(path: string, request: IncomingMessage, response: ServerResponse): void {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const { error, headers } = notAllowed(['GET', 'HEAD']);
      answerWithError(response, error, headers);
      return;
    }
    const file = files.get(path.slice(ROOT.length));
    if (file === undefined) {
      answerWithError(response, new OnePushError('UNKNOWN_PATH'));
      return;
    }
    const isGzipped = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\b)/i.test(String(request.headers['accept-encoding'] ?? ''));
    const body = isGzipped ? file.gzipped : file.body;
    if (isGzipped) response.setHeader('content-encoding', 'gzip');
    response.writeHead(200, {
      'content-type': file.type,
      'content-length': body.length,
      vary: 'accept-encoding',
      'cache-control': file.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  return {
    serve(path, request, response) {
      if (path !== '/console' && !path.startsWith(ROOT)) return false;
      for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
      if (path === '/console') {
        response.writeHead(308, { location: ROOT }).end();
        return true;
      }
      if (path === SESSION) {
        serveSession(request, response).catch((error: unknown) => {
          const refusal = toOnePushError(error, log);
          const after = refusal.retryAfterSeconds;
          const headers: Record<string, string> = { connection: 'close' };
          if (after !== undefined) headers['retry-after'] = String(after);
          answerWithError(response, refusal, headers);
        });
      } else serveFile(path, request, response);
      return true;
    },
    credentialsOf(request) {
      const id = sessionIdOf(request);
      if (id === '' || !isOwn(request)) return { kind: 'none' };
      return { kind: 'session', owner: () => sessions.use(id) };
    },
  };
}

/** Returns true if the page of this server asks: one of another origin can neither send the header nor hide its own. */
function isOwn({ headers }: IncomingMessage): boolean {
  if (headers[OWN_HEADER] !== '1') return false;
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  // Browsers leave that out where a page came in plain text from another machine.
  const { origin, host } = headers;
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
}

/** Returns the console with the files that were built. */
export function openConsole(parts: Omit<Parameters<typeof createConsole>[0], 'files' | 'sessions'>): Console {
  return createConsole({ ...parts, files: loadConsoleFiles(), sessions: createConsoleSessions() });
}
