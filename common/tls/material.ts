import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { ConfigError } from '../settings/env.js';
import type { NamedFile } from '../settings/reader.js';
import { systemReason } from '../system-reason.js';

/** Files of one side of TLS: who it is, and whom it trusts. All are PEM. */
export interface TlsFiles {
  /** Its certificate, and those between it and its CA; undefined: it shows none. */
  readonly cert?: NamedFile | undefined;
  /** The key of that. */
  readonly key?: NamedFile | undefined;
  /** CAs of the other side; undefined: they are not looked at. */
  readonly ca?: NamedFile | undefined;
}

/** A certificate for servers: both files are there. */
export interface ServerFiles extends TlsFiles {
  readonly cert: NamedFile;
  readonly key: NamedFile;
}

/** The contents of these files, which fit together. */
export interface TlsMaterial {
  readonly cert: Buffer | undefined;
  readonly key: Buffer | undefined;
  readonly ca: Buffer | undefined;
  /** End of the certificate, in milliseconds since 1970; undefined: there is none. */
  readonly endsAt: number | undefined;
}

/** A certificate in PEM. */
export const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * Reads the files and checks that TLS can be spoken with them. An expired certificate passes: its time is told.
 *
 * @throws ConfigError naming the setting
 */
export function loadTls({ cert, key, ca }: TlsFiles): TlsMaterial {
  const contents = { cert: read(cert), key: read(key), ca: read(ca) };
  let leaf: X509Certificate | undefined;
  if (cert !== undefined && contents.cert !== undefined) [leaf] = certificatesOf(cert, contents.cert);
  if (ca !== undefined && contents.ca !== undefined) certificatesOf(ca, contents.ca);
  if (leaf !== undefined && key !== undefined && contents.key !== undefined) {
    if (!leaf.checkPrivateKey(privateKeyOf(key, contents.key)))
      throw new ConfigError([`${key.setting} is not the key of the certificate in ${cert?.setting}`]);
  }
  try {
    createSecureContext(toContext({ ...contents, endsAt: undefined }));
  } catch (error) {
    // Such as a key that is too short; its code is OpenSSL's.
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'an unknown error';
    throw new ConfigError([`${(cert ?? ca)?.setting} cannot be used: ${code}`]);
  }
  return { ...contents, endsAt: leaf === undefined ? undefined : Date.parse(leaf.validTo) };
}

/** Returns options for Node.js, of a server or a client. */
export function toContext({ cert, key, ca }: TlsMaterial) {
  return {
    minVersion: 'TLSv1.2' as const,
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(ca === undefined ? {} : { ca }),
  };
}

function read(file: NamedFile | undefined): Buffer | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file.path);
  } catch (error) {
    throw new ConfigError([
      `${file.setting} names a file that cannot be read: ${systemReason(error) ?? 'unknown error'}`,
    ]);
  }
}

/** At least one. */
function certificatesOf({ setting }: NamedFile, pem: Buffer): X509Certificate[] {
  const blocks = pem.toString('latin1').match(CERTIFICATE) ?? [];
  try {
    if (blocks.length > 0) return blocks.map((block) => new X509Certificate(block));
  } catch {
    // Said below.
  }
  throw new ConfigError([`${setting} names a file that is no certificate in PEM`]);
}

function privateKeyOf({ setting }: NamedFile, pem: Buffer) {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new ConfigError([`${setting} names a file that is no key in PEM, or one with a passphrase`]);
  }
}
