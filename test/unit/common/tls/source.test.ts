import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTls, type ServerFiles } from '../../../../common/tls/material.js';
import { createTlsSource } from '../../../../common/tls/source.js';
import { type CertificateFolder, certificateFolder } from '../../../support/tls.js';
import { type CertificateAuthority, testAuthority } from '../../../support/vendors/certificates.js';

const DAY = 86_400_000;
let folder: CertificateFolder;
let authority: CertificateAuthority;
let files: ServerFiles;
beforeAll(async () => {
  [folder, authority] = await Promise.all([certificateFolder(), testAuthority()]);
  files = {
    cert: { setting: 'ONEPUSH_TLS_CERT', path: folder.path('server.pem') },
    key: { setting: 'ONEPUSH_TLS_KEY', path: folder.path('server.key') },
  };
  await folder.writePair('server', await authority.issue(['DNS:localhost'], 30));
});
afterAll(() => folder.remove());

describe('files of TLS', () => {
  it.each<[string, { cert?: string; key?: string }, string]>([
    ['a key in the place of the certificate', { cert: 'server.key' }, 'ONEPUSH_TLS_CERT names a file that is no'],
    ['a certificate in the place of the key', { key: 'server.pem' }, 'ONEPUSH_TLS_KEY names a file that is no key'],
    ['a file that is not there', { key: 'absent' }, 'ONEPUSH_TLS_KEY names a file that cannot be read: there is no'],
  ])('are refused for %s, by the name of the setting and not by the path', (_, names, words) => {
    const wrong = {
      cert: { ...files.cert, path: folder.path(names.cert ?? 'server.pem') },
      key: { ...files.key, path: folder.path(names.key ?? 'server.key') },
    };
    expect(() => loadTls(wrong)).toThrow(words);
    expect(() => loadTls(wrong)).not.toThrow(folder.path(''));
  });

  it('are known with their end', () => {
    const left = (loadTls(files).endsAt ?? 0) - Date.now();
    expect(Math.round(left / DAY)).toBe(30);
  });
});

describe('a certificate', () => {
  it('is warned of once a day before its end, and told of as an error behind it', () => {
    const lines: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line) => lines.push(JSON.parse(line).msg) });
    const { endsAt = 0 } = loadTls(files);
    let now = endsAt - 15 * DAY;
    createTlsSource({ use: 'ports', files, log, now: () => now });
    expect(lines).toEqual([]);
    now = endsAt - 2 * DAY;
    const source = createTlsSource({ use: 'ports', files, log, now: () => now });
    expect(lines).toEqual(['the certificate expires soon']);
    now = endsAt + 1;
    source.reload();
    expect(lines.slice(1)).toEqual(['the certificate has expired']);
  });

  it('that a port cannot use is refused, and what was there stays in use', () => {
    const source = createTlsSource({ use: 'ports', files, log: pino({ level: 'silent' }) });
    const before = source.current();
    source.onChange(() => {
      throw new Error('App construction failed');
    });
    source.reload();
    expect(source.current()).toBe(before);
    expect(source.counts()).toEqual({ loaded: 0, refused: 1 });
  });
});
