import { X509Certificate } from 'node:crypto';
import { ConfigError } from '../../common/settings/env.js';
import { CERTIFICATE, loadTls, type TlsFiles } from '../../common/tls/material.js';
import { type Check, fail, ok, warn } from './check.js';
import type { Configs } from './settings.js';

const WARN_BEFORE_DAYS = 14;
const DAY_MS = 86_400_000;

const CHAIN_ADVICE = 'Put the certificate first, then each that has signed the one before it (fullchain.pem).';

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

/** Names what does not follow in a file of a certificate and those between it and its CA. */
function findBrokenLink(pem: Buffer): string | undefined {
  const chain = (pem.toString('latin1').match(CERTIFICATE) ?? []).map((block) => new X509Certificate(block));
  const index = chain.findIndex((one, place) => {
    const next = chain[place + 1];
    return next !== undefined && !(one.checkIssued(next) && one.verify(next.publicKey));
  });
  return index < 0 ? undefined : `certificate ${index + 2} of its file has not signed certificate ${index + 1}`;
}

function checkFiles(name: string, files: TlsFiles, now: number): Check {
  try {
    const { endsAt, cert } = loadTls(files);
    const broken = cert === undefined ? undefined : findBrokenLink(cert);
    if (broken !== undefined) return fail(name, broken, CHAIN_ADVICE);
    if (endsAt === undefined) return ok(name, 'it can be used');
    const days = Math.floor((endsAt - now) / DAY_MS);
    const next = 'Renew it: files are read again when they change.';
    if (days < 0) return fail(name, 'it has expired', next);
    if (days < WARN_BEFORE_DAYS) return warn(name, `it ends in ${days} days`, next);
    return ok(name, `it ends in ${days} days`);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return fail(
      name,
      error.problems.join('; '),
      'Look at the file: its path, its owner and rights, and what it holds.',
    );
  }
}
