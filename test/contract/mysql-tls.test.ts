import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openMysqlDatabase, openMysqlStore } from '../../core/store/mysql/open.js';
import { type Mariadb, startMariadb } from '../support/mariadb.js';
import { storeKinds } from '../support/stores.js';
import { type CertificateAuthority, makeAuthority, type ServerCertificate } from '../support/vendors/certificates.js';
import { verify } from '../support/verify.js';
import { rejectionOf } from './each-store.js';

describe.runIf(storeKinds().includes('mysql'))('a MySQL server that wants TLS', () => {
  let server: Mariadb;
  let admin: Connection;
  let folder: string;
  let authority: CertificateAuthority;
  async function install({ key, cert }: ServerCertificate): Promise<void> {
    await writeFile(join(folder, 'server.key'), key);
    await writeFile(join(folder, 'server.pem'), cert);
  }
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'onepush-tls-'));
    authority = await makeAuthority('ca');
    await writeFile(join(folder, 'ca.pem'), authority.ca);
    await writeFile(join(folder, 'other-ca.pem'), (await makeAuthority('other-ca')).ca);
    await install(await authority.issue(['DNS:localhost']));
    const file = (name: string) => join(folder, name);
    server = await startMariadb([`--ssl-cert=${file('server.pem')}`, `--ssl-key=${file('server.key')}`]);
    await server.createDatabase('onepush');
    admin = await createConnection(server.url(''));
    // For one user, and not for the server: how it answers whether it is up must not need a certificate.
    await admin.query("CREATE USER 'secure'@'%' IDENTIFIED BY 'p%#?/' REQUIRE SSL");
    await admin.query("GRANT ALL ON onepush.* TO 'secure'@'%'");
  });
  afterAll(async () => {
    await admin?.end();
    await server?.stop();
    await rm(folder, { recursive: true });
  });

  function urlOf(options: string): string {
    const url = new URL(server.url('onepush'));
    url.hostname = 'localhost';
    url.username = 'secure';
    url.password = encodeURIComponent('p%#?/');
    return `${url.href}${options}`;
  }
  const ca = (name: string) => `ssl-ca=${join(folder, name)}`;
  async function cipherOf(url: string): Promise<string> {
    const database = openMysqlDatabase(url);
    const [asked] = await database.all("SHOW STATUS LIKE 'Ssl_cipher'", []);
    const [written] = await database.transaction((transaction) => transaction.all("SHOW STATUS LIKE 'Ssl_cipher'", []));
    await database.close();
    expect(String(written?.Value)).toBe(String(asked?.Value));
    return String(asked?.Value);
  }

  it('is not talked to in plain text, whoever asks, once TLS is asked for', async () => {
    for (const options of ['?ssl-mode=REQUIRED', `?ssl-mode=VERIFY_CA&${ca('ca.pem')}`]) {
      const store = await openMysqlStore(urlOf(options));
      await store.close();
      expect(await cipherOf(urlOf(options))).toMatch(/^TLS_|^ECDHE/);
    }
    const identified = urlOf(`?ssl-mode=VERIFY_IDENTITY&${ca('ca.pem')}`);
    expect(await cipherOf(identified)).not.toBe('');
    expect(await verify(identified)).toMatchObject({ code: 0, output: expect.stringContaining('0 wrong sums') });
  });

  it('refuses plain text', async () => {
    const refusal = await rejectionOf(openMysqlStore(urlOf('')));
    expect(refusal).toMatchObject({ name: 'StoreUnavailable', code: 'ER_ACCESS_DENIED_ERROR' });
    expect(refusal.message).toContain('ssl-mode');
  });

  it('is refused for a certificate that is not to be trusted, with the cause', async () => {
    const refusalOf = (options: string) => rejectionOf(openMysqlStore(urlOf(options)));
    const unknown = await refusalOf('?ssl-mode=VERIFY_CA');
    expect(unknown).toMatchObject({ name: 'StoreUnavailable', code: 'HANDSHAKE_SSL_ERROR' });
    expect(unknown.message).toContain("the database's certificate is none that ssl-mode and ssl-ca accept");
    expect(await refusalOf(`?ssl-mode=VERIFY_CA&${ca('other-ca.pem')}`)).toMatchObject({ code: 'HANDSHAKE_SSL_ERROR' });
    const { output, code } = await verify(urlOf(`?ssl-mode=VERIFY_CA&${ca('other-ca.pem')}`));
    expect([code, output]).toEqual([3, expect.stringContaining('none that ssl-mode and ssl-ca accept')]);
    expect(output).not.toContain('p%#?/');
    await install(await authority.issue(['DNS:db.example.com']));
    await admin.query('FLUSH SSL');
    const named = await refusalOf(`?ssl-mode=VERIFY_IDENTITY&${ca('ca.pem')}`);
    expect(named).toMatchObject({ code: 'HANDSHAKE_SSL_ERROR' });
    expect(named.message).not.toContain('example');
    await (await openMysqlStore(urlOf(`?ssl-mode=VERIFY_CA&${ca('ca.pem')}`))).close();
  });
});

describe.runIf(storeKinds().includes('mysql'))('a MySQL server without TLS', () => {
  it('is not talked to when TLS is asked for', async () => {
    const server = await startMariadb(['--skip-ssl']);
    try {
      const refusal = await rejectionOf(openMysqlStore(`${server.url('mysql')}?ssl-mode=REQUIRED`));
      expect(refusal).toMatchObject({ name: 'StoreUnavailable', code: 'HANDSHAKE_NO_SSL_SUPPORT' });
      expect(refusal.message).toContain('the database offers no TLS');
      const admin = await createConnection(server.url(''));
      const [rows] = await admin.query<RowDataPacket[]>("SHOW DATABASES LIKE 'onepush%'");
      expect(rows).toEqual([]);
      await admin.end();
    } finally {
      await server.stop();
    }
  });
});
