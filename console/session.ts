import { HEADERS, SIGNED_OUT, send } from './rpc.js';

/** Somebody who is signed in. */
export type Session =
  | { readonly kind: 'admin'; readonly name: string }
  | {
      readonly kind: 'app';
      readonly appId: string;
      readonly name: string;
      readonly scope: 'send' | 'read' | 'manage';
    };

const PATH = '/console/session';

/** Returns who is signed in; undefined: nobody. */
export async function readSession(): Promise<Session | undefined> {
  return parse(await send(PATH, { headers: HEADERS }));
}

/** Signs in with the key of an app, or with an admin token where there is no app. @throws CallError */
export async function signIn(appId: string, secret: string): Promise<Session | undefined> {
  return parse(await send(PATH, { method: 'POST', headers: HEADERS, body: JSON.stringify({ appId, secret }) }));
}

/** Ends the session. */
export async function signOut(): Promise<void> {
  await send(PATH, { method: 'DELETE', headers: HEADERS });
}

async function parse(response: Response): Promise<Session | undefined> {
  const session = await response.json();
  // The server says nothing else.
  return session.kind === undefined ? undefined : (session as Session);
}

/** Tabs of the console tell each other that somebody has signed in or out: they share the cookie. */
const tabs = new BroadcastChannel('onepush-console');

/** Tells the other tabs that somebody has signed in or out. */
export function tellOtherTabs(): void {
  tabs.postMessage('session');
}

/**
 * Calls `changed` when the session may be another one: a call was refused, another tab has signed in or out, or the
 * browser shows a page that it had kept. Returns a function that ends that.
 */
export function watchSession(changed: () => void): () => void {
  const shown = (event: PageTransitionEvent): void => {
    if (event.persisted) changed();
  };
  tabs.addEventListener('message', changed);
  window.addEventListener(SIGNED_OUT, changed);
  window.addEventListener('pageshow', shown);
  return () => {
    tabs.removeEventListener('message', changed);
    window.removeEventListener(SIGNED_OUT, changed);
    window.removeEventListener('pageshow', shown);
  };
}
