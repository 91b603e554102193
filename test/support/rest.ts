/** The documented error body. */
export interface ErrorBody {
  /** The HTTP status followed by two digits. */
  code: number;
  message: string;
  field?: string;
  limit?: string;
  requestId?: string;
}

/** An answer of the edge. */
export interface Answer<T> {
  status: number;
  /**
   * The parsed body, {} where it is no JSON: the fields of T after a success, of ErrorBody otherwise. Assert the status
   * first.
   */
  body: T & Partial<ErrorBody>;
  /** The body as it came. */
  text: string;
  headers: Headers;
}

export interface RegisterBody {
  alias: string;
  appId: string;
  platform: 'ANDROID' | 'IOS' | 'PC' | 'WEB';
  nativeToken: string;
  mobile?: string | null;
  tag?: string[] | null;
  push?: Record<string, unknown> | null;
}

export interface SendBody {
  appId: string;
  appKey: string;
  audiences: string[] | 'ALL';
  alert: string;
  audienceType?: 'ALIAS' | 'TAG' | 'DEVICE';
  tenantCode?: string | null;
  platform?: 'ALL' | RegisterBody['platform'];
  pushMsgType?: 'MSG' | 'CMD';
  needConfirm?: boolean;
  clearOnRead?: boolean;
  /** Seconds. */
  duration?: number;
  extra?: unknown;
  sound?: string;
  badge?: string | number;
  sender?: string;
  /** The documented spelling. */
  sendDeive?: string;
  smsMessage?: string;
  push?: Record<string, unknown> | null;
}

/** Anything else that a test of refusals sends; a string goes as it is, so it need not be JSON. */
export type OddBody = string | Record<string, unknown> | unknown[];

/** POST with a JSON body: a string as it is, anything else through JSON.stringify. The connection is not reused. */
export async function post<T>(
  httpUrl: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer<T>> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return request<T>(httpUrl, path, {
    method: 'POST',
    body: text,
    headers: { 'content-type': 'application/json', ...headers },
  });
}

/** Any request. The connection is not reused, so that a restarted edge cannot fail it. */
export async function request<T>(httpUrl: string, path: string, init: RequestInit = {}): Promise<Answer<T>> {
  const headers = { connection: 'close', ...Object.fromEntries(new Headers(init.headers)) };
  const response = await fetch(httpUrl + path, { ...init, headers });
  const text = await response.text();
  // Safe as far as Answer.body promises: the caller knows by the status which of the two bodies it holds.
  const body = parseObject(text) as T & Partial<ErrorBody>;
  return { status: response.status, body, text, headers: response.headers };
}

/** POST /msgpush/register */
export function registerDevice(httpUrl: string, body: RegisterBody | OddBody): Promise<Answer<{ id: string }>> {
  return post(httpUrl, '/msgpush/register', body);
}

/** POST /msgpush/unregister/{deviceId} */
export function unregister(httpUrl: string, deviceId: string): Promise<Answer<object>> {
  return request(httpUrl, `/msgpush/unregister/${encodeURIComponent(deviceId)}`, { method: 'POST' });
}

/** POST /msgpush/send; `headers` for an Idempotency-Key. */
export function send(
  httpUrl: string,
  body: SendBody | OddBody,
  headers?: Record<string, string>,
): Promise<Answer<{ requestId: string }>> {
  return post(httpUrl, '/msgpush/send', body, headers);
}

/** POST /apps/ with `{"name": …}`. Without a token there is no Authorization header. */
export function createApp(
  httpUrl: string,
  adminToken: string | undefined,
  name: string,
): Promise<Answer<{ id: string; name: string; appKey: string }>> {
  const headers: Record<string, string> = adminToken === undefined ? {} : { authorization: `Bearer ${adminToken}` };
  return post(httpUrl, '/apps/', { name }, headers);
}

function parseObject(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
