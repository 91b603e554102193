import { get as getPlainly } from 'node:http';
import { get as getSecurely } from 'node:https';

/**
 * `node dist/cli/healthcheck.js`: the check of a container's health, in the environment of its core or edge. Exits with
 * 0 if the process says at `/healthz` of its `ONEPUSH_OPS_LISTEN` that it runs.
 */
const { ONEPUSH_OPS_LISTEN, ONEPUSH_TLS_CERT } = process.env;
const port = /:(\d+)$/.exec(ONEPUSH_OPS_LISTEN ?? '')?.[1] ?? '9092';
const host = ONEPUSH_OPS_LISTEN?.slice(0, -port.length - 1) ?? '';
// An address at which one that listens on all of them can be asked.
const reachable: Readonly<Record<string, string>> = { '': '127.0.0.1', '0.0.0.0': '127.0.0.1', '[::]': '[::1]' };
const url = `http${ONEPUSH_TLS_CERT ? 's' : ''}://${reachable[host] ?? host}:${port}/healthz`;

function fail(reason: string): never {
  process.stderr.write(`${reason}\n`);
  process.exit(1);
}

// The certificate is our own, and may not name this address.
const request = (ONEPUSH_TLS_CERT ? getSecurely : getPlainly)(
  url,
  { rejectUnauthorized: false, agent: false, timeout: 3000 },
  ({ statusCode }) => (statusCode === 200 ? process.exit(0) : fail(`answered ${statusCode}`)),
);
request.on('timeout', () => fail('no answer'));
request.on('error', (error) => fail(error.message));
