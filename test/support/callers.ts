import type { App } from '../../core/domain/app.js';
import type { Admission, Admit } from '../../core/rpc/service/admission.js';
import type { Caller } from '../../core/rpc/service/caller.js';
import { type CallContext, UNCANCELLED } from '../../core/rpc/service/handlers.js';
import { createTrail, NO_TRAIL } from '../../core/rpc/service/trail.js';

/** Lets every call in, as an admin's. */
export const ADMIT_ALL: Admit = async () => admitted({ kind: 'admin', tokenId: 't1', name: 'test' });

/** The call of an app whose key may do everything; of the app, only what the test looks at need be true. */
export function appCall(app: Partial<App> = {}): CallContext {
  const whole: App = {
    num: 1,
    id: 'app',
    name: 'app',
    keys: [],
    disabled: false,
    registration: 'OPEN',
    signingKeys: [],
    ...app,
  };
  return { ...admitted({ kind: 'app', app: whole, keyId: 'k1', keyName: 'key', scope: 'manage' }), ...UNCANCELLED };
}

/** The call of an admin. */
export function adminCall(): CallContext {
  return { ...admitted({ kind: 'admin', tokenId: 't1', name: 'test' }), ...UNCANCELLED };
}

function admitted(caller: Caller): Admission {
  const trail = caller.kind === 'none' ? NO_TRAIL : createTrail(caller, 'Test', '127.0.0.1');
  return { caller, readmit: async () => caller, trail };
}
