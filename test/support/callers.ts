import type { App } from '../../core/domain/app.js';
import type { Admit } from '../../core/rpc/service/admission.js';
import type { Admission, Caller } from '../../core/rpc/service/caller.js';
import { type CallContext, UNCANCELLED } from '../../core/rpc/service/handlers.js';

/** Lets every call in, as an admin's. */
export const ADMIT_ALL: Admit = async () => admitted({ kind: 'admin', name: 'test' });

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
  return { ...admitted({ kind: 'app', app: whole, keyId: 'key', scope: 'manage' }), ...UNCANCELLED };
}

/** The call of an admin. */
export function adminCall(): CallContext {
  return { ...admitted({ kind: 'admin', name: 'test' }), ...UNCANCELLED };
}

function admitted(caller: Caller): Admission {
  return { caller, readmit: async () => caller };
}
