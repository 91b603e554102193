import { VERSION } from '../../common/version.js';
import type { Context } from '../command.js';
import { Failure, toFailure } from '../failure.js';
import { DEFAULTS, type Target } from '../server.js';
import { findPage, isListening } from './ask.js';
import { type Check, fail, ok, warn } from './check.js';
import { adviceOf } from './readiness.js';

/** Looks at the service that this command calls: the core, an edge, the credentials. */
export async function checkService(context: Context): Promise<Check[]> {
  const target = await context.target().catch(toFailure);
  if (target instanceof Failure) return [fail('profile and options', target.message, target.hint)];
  const isThere = await answers(target.server);
  return [
    isThere
      ? ok('--server', `something listens at ${target.server}`)
      : silent('--server', target.server, target.server === DEFAULTS.server),
    await checkEdge(target.edge),
    ...(isThere ? await checkCredentials(context, target) : []),
  ];
}

async function checkEdge(edge: string): Promise<Check> {
  const page = await findPage(`${edge}/readyz`);
  if (page === undefined) return silent('--edge', edge, edge === DEFAULTS.edge);
  // A core answers its own Connect port at /readyz, too.
  const document = await findPage(`${edge}/openapi.json`);
  if (document?.status !== 200) {
    return fail('--edge', `what answers at ${edge} is no edge`, 'Give the URL of ONEPUSH_HTTP_LISTEN.');
  }
  return page.status === 200
    ? ok('--edge', `the edge at ${edge} is ready`)
    : fail('--edge', `the edge at ${edge} is not ready: ${page.text.trim()}`, adviceOf(page.text));
}

/** Judges silence: nothing need be at a place that nobody has named. */
function silent(name: string, place: string, isDefault: boolean): Check {
  const says = `nothing answers at ${place}`;
  return isDefault
    ? warn(name, says, 'Start it, if it should run.')
    : fail(name, says, 'Start it, or correct the place.');
}

async function answers(server: string): Promise<boolean> {
  if (server.startsWith('http')) return (await findPage(`${server.replace(/\/+$/, '')}/healthz`)) !== undefined;
  const colon = server.lastIndexOf(':');
  return isListening(server.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), Number(server.slice(colon + 1)) || 9090);
}

async function checkCredentials(context: Context, { appId, appKey, adminToken }: Target): Promise<Check[]> {
  const caller = appId && appKey ? 'app' : 'admin';
  if (caller === 'admin' && !adminToken) return [];
  const says = caller === 'app' ? 'the key of the app works' : 'the admin token works';
  try {
    const client = await context.connect(caller);
    const { version } = await client.serverInfo({});
    const differs = `the core is ${version}, and this is ${VERSION}`;
    const next = 'Core, edges and this command are upgraded together.';
    return [
      ok('credentials', says),
      version === VERSION ? ok('version', `the core is ${version}, too`) : warn('version', differs, next),
    ];
  } catch (error) {
    const { exit, message, hint, detail } = toFailure(error);
    // A key of another scope is one, too.
    if (exit === 'denied' && detail.reason === 'WRONG_SCOPE') return [ok('credentials', says)];
    return [fail('credentials', message, hint)];
  }
}
