import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A server's key and certificate, as PEM. */
export interface ServerCertificate {
  readonly key: string;
  readonly cert: string;
}

/** A certificate authority of one's own, that nobody trusts who was not told to. */
export interface CertificateAuthority {
  /** Its own certificate as PEM: the `ca` of whoever shall trust its servers. */
  readonly ca: string;
  /** Makes a key (P-256) and a certificate for these names, such as `DNS:localhost` or `IP:127.0.0.1`; it expires in a day, or so. */
  issue(names: readonly string[], days?: number): Promise<ServerCertificate>;
}

/** The names of a server on this machine. */
const LOCAL = ['DNS:localhost', 'IP:127.0.0.1', 'IP:::1'];

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** Makes an authority; its certificates hold for a day. */
export function makeAuthority(name: string): Promise<CertificateAuthority> {
  return inFolder(async (folder) => {
    await run('openssl', ['req', '-x509', ...KEY, '-subj', `/CN=${name}`, '-days', '1', ...files('ca')], {
      cwd: folder,
    });
    const [ca, caKey] = await Promise.all([read(folder, 'ca.pem'), read(folder, 'ca.key')]);
    return { ca, issue: (names, days = 1) => issue({ ca, caKey }, names, days) };
  });
}

let authority: Promise<CertificateAuthority> | undefined;
let local: Promise<ServerCertificate> | undefined;

/** Returns the authority that all fake vendors of this process are under. */
export function testAuthority(): Promise<CertificateAuthority> {
  authority ??= makeAuthority('ONE-PUSH tests');
  return authority;
}

/** Returns the certificate of `testAuthority` for localhost, 127.0.0.1 and ::1. */
export function localCertificate(): Promise<ServerCertificate> {
  local ??= testAuthority().then((made) => made.issue(LOCAL));
  return local;
}

/** `names`: each with its type, as `subjectAltName` has them. */
function issue(
  from: { ca: string; caKey: string },
  names: readonly string[],
  days: number,
): Promise<ServerCertificate> {
  return inFolder(async (folder) => {
    await Promise.all([
      writeFile(join(folder, 'ca.pem'), from.ca),
      writeFile(join(folder, 'ca.key'), from.caKey),
      writeFile(join(folder, 'names'), `subjectAltName=${names.join(',')}\n`),
      run('openssl', ['req', ...KEY, '-subj', '/CN=server', '-keyout', 'server.key', '-out', 'server.csr'], {
        cwd: folder,
      }),
    ]);
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', String(days), '-extfile', 'names'];
    await run('openssl', ['x509', '-req', '-in', 'server.csr', ...signed, '-out', 'server.pem'], { cwd: folder });
    const [key, cert] = await Promise.all([read(folder, 'server.key'), read(folder, 'server.pem')]);
    return { key, cert };
  });
}

const files = (name: string): string[] => ['-keyout', `${name}.key`, '-out', `${name}.pem`];

const read = (folder: string, name: string): Promise<string> => readFile(join(folder, name), 'utf8');

/** Works in a folder that is gone afterwards. */
async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'onepush-ca-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
