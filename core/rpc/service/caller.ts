import { OnePushError } from '../../../common/errors.js';
import type { App, Scope } from '../../domain/app.js';
import type { Registry } from '../../registry/registry.js';

/** Owner of a call. */
export type Caller =
  /** Anyone's: its method asks for no credentials. `bearer`: the registration token that came with it; "" for none. */
  | { readonly kind: 'none'; readonly bearer?: string }
  /** An app's. `keyId`: the public id of the key that it has shown. */
  | { readonly kind: 'app'; readonly app: App; readonly keyId: string; readonly scope: Scope }
  /** An admin's. `name`: that of the token. */
  | { readonly kind: 'admin'; readonly name: string };

/** Proof that a call was let in. */
export interface Admission {
  /** The owner of the call, checked against the access of its method. */
  readonly caller: Caller;
  /**
   * Asks again, for what lasts: a key may end, and an app be disabled, while a stream is open. And asks for the first
   * time where the handler decides whether to ask: then it is nobody's, or an app's whose key may manage.
   *
   * @throws OnePushError as `Admit`
   */
  readonly readmit: () => Promise<Caller>;
}

/**
 * The app that calls, in the handler of a method that asks for one.
 *
 * @throws OnePushError WRONG_APP_KEY if it is no app
 */
export function appOf(caller: Caller): App {
  if (caller.kind === 'app') return caller.app;
  throw new OnePushError('WRONG_APP_KEY');
}

/**
 * The app of this id, if it is for the caller to change or to look at: the admin may every one, an app itself.
 *
 * @throws OnePushError UNKNOWN_APP; WRONG_APP_KEY for another app's
 */
export async function ownedApp(registry: Pick<Registry, 'getApp'>, caller: Caller, id: string): Promise<App> {
  if (caller.kind === 'admin') return registry.getApp(id);
  const app = appOf(caller);
  if (app.id !== id) throw new OnePushError('WRONG_APP_KEY', { hint: 'it is the key of another app' });
  return app;
}
