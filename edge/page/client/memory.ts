/** Everything that one types here. `appKey` and `registrationToken` are secrets, which are not kept. */
export interface Fields {
  appId: string;
  alias: string;
  platform: 'ANDROID' | 'IOS' | 'PC' | 'WEB';
  tags: string;
  mobile: string;
  registrationToken: string;
  appKey: string;
  to: 'user' | 'everyone' | 'others';
  audienceType: 'ALIAS' | 'TAG' | 'DEVICE';
  audiences: string;
  alert: string;
  needConfirm: boolean;
  clearOnRead: boolean;
  extra: string;
  toPlatform: 'ALL' | Fields['platform'];
  pushMsgType: 'MSG' | 'CMD';
  duration: string;
  title: string;
  clickTarget: string;
  sound: string;
  badge: string;
  tenantCode: string;
  sender: string;
  sendDeive: string;
  smsMessage: string;
  idempotencyKey: string;
  autoConfirm: boolean;
}

const SECRETS = ['appKey', 'registrationToken'] as const;
const FIELDS = 'onepush.page.fields';
const CONNECTED = 'onepush.page.connected';

/** Returns what was typed before, where the browser has kept it. */
export function recallFields(fallback: Fields): Fields {
  try {
    const kept: Record<string, unknown> = Object(JSON.parse(localStorage.getItem(FIELDS) ?? 'null'));
    const isKept = ([name, value]: [string, unknown]): boolean => typeof kept[name] === typeof value;
    const names = Object.entries(fallback).filter(isKept);
    return { ...fallback, ...Object.fromEntries(names.map(([name]) => [name, kept[name]])) };
  } catch {
    return fallback;
  }
}

/** Keeps what was typed, but for secrets. */
export function rememberFields(fields: Fields): void {
  const kept: Partial<Fields> = { ...fields };
  for (const name of SECRETS) delete kept[name];
  keep(FIELDS, JSON.stringify(kept));
}

/** Returns true if this browser was connected when it was left. */
export function wasConnected(): boolean {
  try {
    return localStorage.getItem(CONNECTED) === '1';
  } catch {
    return false;
  }
}

/** Keeps that this browser is connected, or is not to be. */
export function rememberConnected(isConnected: boolean): void {
  keep(CONNECTED, isConnected ? '1' : '0');
}

function keep(name: string, text: string): void {
  try {
    localStorage.setItem(name, text);
  } catch {
    // Storage is off: nothing is kept.
  }
}
