import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type PeerCertificate, type SecureVersion } from 'node:tls';
import type { ServerCertificate } from './vendors/certificates.js';

/** A folder with files of certificates, which is gone with `remove`. */
export interface CertificateFolder {
  /** The path of a file in it. */
  path(name: string): string;
  /** Writes a file, as a tool does that renews certificates: it is there as a whole at once. */
  write(name: string, pem: string): Promise<string>;
  /** Writes `<name>.pem` and `<name>.key`. */
  writePair(name: string, pair: ServerCertificate): Promise<void>;
  /** Removes a file, or all of it. */
  remove(name?: string): Promise<void>;
}

export async function certificateFolder(): Promise<CertificateFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'onepush-tls-'));
  const path = (name: string): string => join(folder, name);
  async function write(name: string, pem: string): Promise<string> {
    await writeFile(path(`${name}.new`), pem);
    await rename(path(`${name}.new`), path(name));
    return path(name);
  }
  return {
    path,
    write,
    async writePair(name, { cert, key }) {
      await write(`${name}.key`, key);
      await write(`${name}.pem`, cert);
    },
    remove: (name) => rm(name === undefined ? folder : path(name), { recursive: true }),
  };
}

/** An answer over https. */
export interface SecureAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** Requests over https, on a connection of its own. */
export function requestSecurely(
  url: string,
  ca: string,
  options: { method?: string; body?: unknown } = {},
): Promise<SecureAnswer> {
  const { method = options.body === undefined ? 'GET' : 'POST', body } = options;
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const call = request(url, { ca, method, agent: false, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    call.on('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Shakes hands and goes away; resolves with the server's certificate. Any is taken, unless `ca` is given. */
export function shakeHands(
  address: string,
  options: { ca?: string; maxVersion?: SecureVersion } = {},
): Promise<PeerCertificate> {
  const { ca, maxVersion } = options;
  const port = Number(address.slice(address.lastIndexOf(':') + 1));
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      ALPNProtocols: ['h2', 'http/1.1'],
      rejectUnauthorized: ca !== undefined,
      ...(ca === undefined ? {} : { ca }),
      ...(maxVersion === undefined ? {} : { minVersion: 'TLSv1', maxVersion, ciphers: 'DEFAULT@SECLEVEL=0' }),
    });
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerCertificate();
      socket.destroy();
      resolve(certificate);
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed before the handshake was over')));
  });
}
