import type { Fields } from './memory.js';
import { TRIAL } from './trial.js';
import { words } from './words.js';

/** A refusal, in words, and the fields that it is about: names of the contract. */
export class SendError extends Error {
  /** @param fields names as the service writes them, paths without their indices */
  constructor(
    message: string,
    readonly fields: readonly string[] = [],
  ) {
    super(message);
  }
}

/** Returns the parts of a text that commas or lines separate. */
export function listOf(text: string): string[] {
  return text
    .split(/[,，\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** Returns the numeral of a field; undefined where it is empty. */
function numberIn(name: 'badge' | 'duration', fields: Fields): string | undefined {
  const text = fields[name].trim();
  if (text === '') return undefined;
  if (!Number.isFinite(Number(text))) throw new SendError(words.notNumber, [name]);
  return String(Number(text));
}

function jsonIn(text: string): string | undefined {
  if (text.trim() === '') return undefined;
  try {
    JSON.parse(text);
  } catch {
    throw new SendError(words.notJson, ['extra']);
  }
  return text.trim();
}

/** Returns the body of a send as text, for the digits of `extra` stay as they were typed. Empty fields are left out. */
export function buildBody(fields: Fields, more: { sendAt?: string } = {}): string {
  const text = (value: string): string | undefined => (value === '' ? undefined : JSON.stringify(value));
  const isOthers = fields.to === 'others';
  const audiences = { user: [fields.alias], everyone: ['ALL'], others: listOf(fields.audiences) }[fields.to];
  const push = { title: fields.title || undefined, clickTarget: fields.clickTarget || undefined };
  const members: Record<string, string | undefined> = {
    appId: JSON.stringify(fields.appId),
    appKey: text(fields.appKey),
    tenantCode: text(fields.tenantCode),
    platform: JSON.stringify(fields.toPlatform),
    pushMsgType: JSON.stringify(fields.pushMsgType),
    needConfirm: fields.needConfirm ? 'true' : undefined,
    clearOnRead: fields.clearOnRead ? 'true' : undefined,
    duration: numberIn('duration', fields),
    audienceType: JSON.stringify(isOthers ? fields.audienceType : 'ALIAS'),
    audiences: audiences.length === 0 ? undefined : JSON.stringify(audiences),
    extra: jsonIn(fields.extra),
    alert: text(fields.alert),
    sound: text(fields.sound),
    badge: numberIn('badge', fields),
    sender: text(fields.sender),
    sendDeive: text(fields.sendDeive),
    smsMessage: text(fields.smsMessage),
    push: push.title === undefined && push.clickTarget === undefined ? undefined : JSON.stringify(push),
    sendAt: text(more.sendAt ?? ''),
  };
  const present = Object.entries(members).filter(([, json]) => json !== undefined);
  return `{${present.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`;
}

function buildHeaders({ idempotencyKey }: Fields): Record<string, string> {
  const key = idempotencyKey.trim();
  return { 'Content-Type': 'application/json', ...(key !== '' && { 'Idempotency-Key': key }) };
}

/** Sends. Resolves to the requestId; rejects with a SendError. */
export async function sendPush(fields: Fields, more: { sendAt?: string } = {}): Promise<string> {
  const init = { method: 'POST', headers: buildHeaders(fields), body: buildBody(fields, more) };
  const response = await fetch('/msgpush/send', init).catch(() => {
    throw new SendError(words.noAnswer);
  });
  const answer = readJson(await response.text());
  if (response.ok) return String(answer.requestId ?? '');
  const retryAfter = response.headers.get('Retry-After');
  const message = typeof answer.message === 'string' ? answer.message : words.httpStatus(response.status);
  const code = typeof answer.code === 'number' ? ` (${answer.code})` : '';
  const again = retryAfter === null ? '' : ` ${words.retryAfter(retryAfter)}`;
  throw new SendError(`${message}${code}${again}`, namesIn(answer.field));
}

/** Returns the send as a command for a shell. Of keys it has only that of the trial app: commands are shown around. */
export function toCommand(fields: Fields): string {
  const appKey = fields.appKey === TRIAL.appKey ? fields.appKey : fields.appKey && 'YOUR_APP_KEY';
  const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  try {
    return [
      `curl ${quote(`${location.origin}/msgpush/send`)}`,
      ...Object.entries(buildHeaders(fields)).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`),
      `--data-raw ${quote(buildBody({ ...fields, appKey }))}`,
    ].join(' \\\n  ');
  } catch (error) {
    // What buildBody throws.
    return `# ${(error as SendError).message}`;
  }
}

/** Returns the object that a text holds; an empty one where it is the error page of some proxy. */
function readJson(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

/** Returns the names in `field`, which may be a path, or several. */
function namesIn(field: unknown): string[] {
  if (typeof field !== 'string') return [];
  const names = field.split(/[,\s]+/).map((path) => path.replace(/\[.*|\d.*$/, '').split('.'));
  return names.map(([first = '', second]) => (first === 'push' && second !== undefined ? second : first));
}
