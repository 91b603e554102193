import type { Operation } from './openapi.js';

/** Variables of the examples, by the name of the parameter of the path. */
const VARIABLES: Readonly<Record<string, string>> = { deviceId: '$DEVICE', requestId: '$PUSH', id: '$APP' };

/** Credentials of the examples, by the name of the security scheme. */
const CREDENTIALS: Readonly<Record<string, string>> = {
  appKey: '-u testapp1:dkdka',
  adminToken: '-H "Authorization: Bearer $ADMIN_TOKEN"',
  deviceId: '-H "Authorization: Bearer $DEVICE"',
};

/** Writes a request as a command. */
export function curlOf(request: {
  path: string;
  method: string;
  operation: Operation;
  query: Readonly<Record<string, string>>;
  body: unknown;
}): string {
  const { path, method, operation, query, body } = request;
  const asked = new URLSearchParams(query).toString();
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => VARIABLES[name] ?? name);
  const url = `"http://127.0.0.1:8080${filled}${asked === '' ? '' : `?${asked}`}"`;
  // The first way of those that there are is the one that is recommended.
  const [scheme = ''] = Object.keys(operation.security[0] ?? {});
  const credentials = CREDENTIALS[scheme];
  const post = method === 'POST' && body === undefined ? ' -X POST' : '';
  const lines = [
    `curl -s${post} ${url}${credentials === undefined ? '' : ` \\\n  ${credentials}`}`,
    ...(body === undefined ? [] : [`-H 'Content-Type: application/json' -d '${JSON.stringify(body)}'`]),
  ];
  return lines.join(' \\\n  ');
}
