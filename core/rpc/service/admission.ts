import type { DescMethod } from '@bufbuild/protobuf';
import { OnePushError, type Reason } from '../../../common/errors.js';
import type { Scope } from '../../domain/app.js';
import type { Admin, Admins } from '../../registry/admins.js';
import type { Registry } from '../../registry/registry.js';
import { toKeyId, toTokenId } from '../wire/access.js';
import { accessOf } from './access.js';
import type { Credentials, SessionOwner } from './auth.js';
import type { Caller } from './caller.js';
import { createTrail, NO_TRAIL, type Trail } from './trail.js';
import type { UseLog } from './use-log.js';

/** Proof that a call was let in. */
export interface Admission {
  /** The owner of the call, checked against the access of its method. */
  readonly caller: Caller;
  /**
   * Asks again, for what lasts: a key may end, and an app be disabled, while a stream is open.
   *
   * @throws OnePushError as `Admit`
   */
  readonly readmit: () => Promise<Caller>;
  /** Entries of the call for the audit log, if its method is audited. */
  readonly trail: Trail;
}

/**
 * Lets a call in by its headers alone, before anything of its message is read: what a stranger sends costs a look at
 * the cache, whatever its size. Handlers are told whose call it is, and ask nobody else.
 *
 * @param address that the call came from; absent: not known
 * @throws OnePushError UNKNOWN_APP, WRONG_APP_KEY, APP_DISABLED, WRONG_SCOPE or WRONG_ADMIN_TOKEN
 */
export type Admit = (method: DescMethod, credentials: Credentials, address?: string) => Promise<Admission>;

const NOBODY: Admission = {
  caller: { kind: 'none' },
  readmit: async () => ({ kind: 'none' }),
  trail: NO_TRAIL,
};

/** Hot: one call of the returned function for each request. */
export function createAdmit(parts: {
  registry: Pick<Registry, 'authenticate' | 'authenticateKey'>;
  admins: Pick<Admins, 'find' | 'findByNumber'>;
  /** Told of keys and tokens that are used. */
  usage: Pick<UseLog, 'key' | 'token'>;
  /** Told of calls that are not let in. */
  refused?: (reason: Reason) => void;
}): Admit {
  const { registry, admins, usage, refused } = parts;

  async function callerOf(method: DescMethod, given: Credentials): Promise<Caller> {
    const credentials: Shown = given.kind === 'session' ? toShown(given.owner()) : given;
    const access = accessOf(method);
    if (access === 'anyone') return { kind: 'none' };
    if (access === 'registrant') {
      if (credentials.kind === 'app') return appCaller(credentials, 'manage');
      const isToken = credentials.kind === 'admin' && 'token' in credentials;
      return { kind: 'none', bearer: isToken ? credentials.token : '' };
    }
    if (access.scope === undefined || (access.admin && credentials.kind !== 'app')) return adminOf(credentials);
    if (credentials.kind !== 'app') throw new OnePushError('WRONG_APP_KEY');
    return appCaller(credentials, access.scope);
  }

  async function appCaller(shown: Shown & { kind: 'app' }, needed: Scope): Promise<Caller> {
    const { app, key } =
      'key' in shown
        ? await registry.authenticate(shown.appId, shown.key)
        : await registry.authenticateKey(shown.appId, shown.keyNum);
    if (!includes(key.scope, needed)) {
      throw new OnePushError('WRONG_SCOPE', { hint: `it has the scope ${key.scope}, this needs ${needed}` });
    }
    usage.key(key.num);
    return { kind: 'app', app, keyId: toKeyId(key.num), keyName: key.name, scope: key.scope };
  }

  function findAdmin(shown: Shown): Admin | undefined {
    if (shown.kind !== 'admin') return undefined;
    return 'token' in shown ? admins.find(shown.token) : admins.findByNumber(shown.tokenNum);
  }

  function adminOf(shown: Shown): Caller {
    const admin = findAdmin(shown);
    if (admin === undefined) throw new OnePushError('WRONG_ADMIN_TOKEN');
    if (admin.num !== undefined) usage.token(admin.num);
    return { kind: 'admin', tokenId: toTokenId(admin.num), name: admin.name };
  }

  async function counting<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (error instanceof OnePushError) refused?.(error.reason);
      throw error;
    }
  }

  return async (method, credentials, address = '') => {
    const access = accessOf(method);
    if (access === 'anyone') return NOBODY;
    const readmit = (): Promise<Caller> => counting(callerOf(method, credentials));
    if (access === 'registrant') return { ...NOBODY, readmit };
    const caller = await readmit();
    const isAudited = access.audited !== undefined && caller.kind !== 'none';
    const trail = isAudited ? createTrail(caller, method.name, address) : NO_TRAIL;
    return { caller, readmit, trail };
  };
}

/** Credentials as they are looked up: a session stands for the key or the token by which it began. */
type Shown = Exclude<Credentials, { kind: 'session' }> | SessionOwner;

function toShown(owner: SessionOwner | undefined): Shown {
  return owner ?? { kind: 'none' };
}

/** Returns true if a key of the one scope may do what needs the other: `manage` includes both others. */
function includes(scope: Scope, needed: Scope): boolean {
  return scope === needed || scope === 'manage';
}
