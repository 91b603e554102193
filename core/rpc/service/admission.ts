import type { DescMethod } from '@bufbuild/protobuf';
import { OnePushError } from '../../../common/errors.js';
import { equalInConstantTime } from '../../../common/secrets.js';
import type { Scope } from '../../domain/app.js';
import type { Registry } from '../../registry/registry.js';
import { accessOf } from './access.js';
import type { Credentials } from './auth.js';
import type { Admission, Caller } from './caller.js';

/**
 * Lets a call in by its headers alone, before anything of its message is read: what a stranger sends costs a look at
 * the cache, whatever its size. Handlers are told whose call it is, and ask nobody else.
 *
 * @throws OnePushError UNKNOWN_APP, WRONG_APP_KEY, APP_DISABLED, WRONG_SCOPE or WRONG_ADMIN_TOKEN
 */
export type Admit = (method: DescMethod, credentials: Credentials) => Promise<Admission>;

const NOBODY: Admission = { caller: { kind: 'none' }, readmit: async () => ({ kind: 'none' }) };

/** @param adminToken undefined: nobody is admin */
export function createAdmit(registry: Pick<Registry, 'authenticate'>, adminToken: string | undefined): Admit {
  async function callerOf(method: DescMethod, credentials: Credentials): Promise<Caller> {
    const access = accessOf(method);
    if (access === 'anyone') return { kind: 'none' };
    if (access === 'registrant') {
      if (credentials.kind === 'app') return appCaller(credentials, 'manage');
      return { kind: 'none', bearer: credentials.kind === 'admin' ? credentials.token : '' };
    }
    if (access.scope === undefined || (access.admin && credentials.kind !== 'app')) return adminOf(credentials);
    if (credentials.kind !== 'app') throw new OnePushError('WRONG_APP_KEY');
    return appCaller(credentials, access.scope);
  }

  async function appCaller({ appId, key: given }: Credentials & { kind: 'app' }, needed: Scope): Promise<Caller> {
    const { app, key } = await registry.authenticate(appId, given);
    if (!includes(key.scope, needed)) {
      throw new OnePushError('WRONG_SCOPE', { hint: `it has the scope ${key.scope}, this needs ${needed}` });
    }
    return { kind: 'app', app, keyId: key.id, scope: key.scope };
  }

  function adminOf(credentials: Credentials): Caller {
    const token = credentials.kind === 'admin' ? credentials.token : '';
    if (adminToken === undefined || !equalInConstantTime(token, adminToken)) {
      throw new OnePushError('WRONG_ADMIN_TOKEN');
    }
    return { kind: 'admin', name: 'environment' };
  }

  return async (method, credentials) => {
    const access = accessOf(method);
    if (access === 'anyone') return NOBODY;
    const readmit = (): Promise<Caller> => callerOf(method, credentials);
    if (access === 'registrant') return { ...NOBODY, readmit };
    return { caller: await readmit(), readmit };
  };
}

/** Returns true if a key of the one scope may do what needs the other: `manage` includes both others. */
function includes(scope: Scope, needed: Scope): boolean {
  return scope === needed || scope === 'manage';
}
