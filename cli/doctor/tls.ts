import { ConfigError } from '../../common/settings/env.js';
import { loadTls, type TlsFiles } from '../../common/tls/material.js';
import { type Check, fail, ok, warn } from './check.js';
import type { Configs } from './settings.js';

const WARN_BEFORE_DAYS = 14;
const DAY_MS = 86_400_000;

/** Reads the certificates and keys that the settings name. */
export function checkTls({ core, edge }: Configs, now = Date.now()): Check[] {
  const uses: readonly (readonly [string, TlsFiles | undefined])[] = [
    ["the core's certificate", core?.tls],
    ['the CA of edges', core?.edgeCa],
    ["the edge's certificate", edge?.tls],
    ["the edge's end of the link", edge?.linkTls],
  ];
  return uses.flatMap(([name, files]) => (files === undefined ? [] : [checkFiles(name, files, now)]));
}

function checkFiles(name: string, files: TlsFiles, now: number): Check {
  try {
    const { endsAt } = loadTls(files);
    if (endsAt === undefined) return ok(name, 'it can be used');
    const days = Math.floor((endsAt - now) / DAY_MS);
    const next = 'Renew it: files are read again when they change.';
    if (days < 0) return fail(name, 'it has expired', next);
    if (days < WARN_BEFORE_DAYS) return warn(name, `it ends in ${days} days`, next);
    return ok(name, `it ends in ${days} days`);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return fail(name, error.problems.join('; '), 'Compare path, owner and rights of the file.');
  }
}
