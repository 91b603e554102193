import type { TextName } from './texts/index.js';

const STEPS: Readonly<Record<string, TextName>> = {
  disabled_by_caller: 'stepCaller',
  failing_for_too_long: 'stepTooLong',
  wrong_key: 'stepLocked',
  ENOTPUBLIC: 'stepNotPublic',
  timeout: 'stepTimeout',
  http_401: 'stepSignature',
  http_403: 'stepSignature',
  http_404: 'stepAddress',
  http_405: 'stepAddress',
  http_408: 'stepServer',
  http_410: 'stepGone',
  http_413: 'stepTooLarge',
  http_425: 'stepServer',
  http_429: 'stepServer',
};

/** Returns the text about what to do where a webhook has failed for this reason. */
export function stepOf(reason: string): TextName {
  const [, status] = /^http_([345])\d\d$/.exec(reason) ?? [];
  if (status === '3') return 'stepRedirect';
  if (status === '4') return STEPS[reason] ?? 'stepRefused';
  if (status === '5') return 'stepServer';
  return STEPS[reason] ?? (/CERT|SIGN|TLS|SSL/.test(reason) ? 'stepTls' : 'stepConnection');
}
