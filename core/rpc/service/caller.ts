import { OnePushError } from '../../../common/errors.js';
import type { App, Scope } from '../../domain/app.js';
import type { Registry } from '../../registry/registry.js';

/** Owner of a call. */
export type Caller =
  /** Anyone's: its method asks for no credentials. `bearer`: the registration token that came with it; "" for none. */
  | { readonly kind: 'none'; readonly bearer?: string }
  /** An app's. `keyId` and `keyName`: those of the key that it has shown. */
  | { readonly kind: 'app'; readonly app: App; readonly keyId: string; readonly keyName: string; readonly scope: Scope }
  /** An admin's. `tokenId` and `name`: those of the token. */
  | { readonly kind: 'admin'; readonly tokenId: string; readonly name: string };

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
