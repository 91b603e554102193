import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDatabaseUrl } from '../../../../../core/store/sql/database-url.js';

const SECRET = 'hunter2';
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'onepush-url-'));
  mkdirSync(join(folder, 'folder'));
  writeFileSync(join(folder, 'empty.db'), '');
  writeFileSync(join(folder, 'text.db'), 'Dear diary');
  writeFileSync(join(folder, 'no.pem'), SECRET);
  mkdirSync(join(folder, 'other.db-wal'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function problemsOf(url: string): string {
  const parsed = parseDatabaseUrl(url);
  return 'problems' in parsed ? parsed.problems.join('\n') : '';
}
const at = (name: string) => join(folder, name);

describe("a database's URL of MySQL", () => {
  it('gives user, password and names as they are, unescaped', () => {
    expect(parseDatabaseUrl('mysql://o%40p:p%25%23%3F%2F@[::1]:3307/one-push')).toEqual({
      target: {
        kind: 'mysql',
        user: 'o@p',
        password: 'p%#?/',
        host: '::1',
        port: 3307,
        database: 'one-push',
        tls: undefined,
      },
    });
    expect(parseDatabaseUrl('mysql://root@db/x')).toMatchObject({ target: { password: '', port: 3306 } });
  });

  it.each(['%', '%zz', '#', '12#', '?', '12?', '/', '12/', '12?a=b', '12?ssl-mode=DISABLED&x'])(
    'has no raw %j in its password, and is refused without a word of it',
    (sign) => {
      const problems = problemsOf(`mysql://root:${sign}${SECRET}@db:3306/onepush`);
      expect(problems).toContain('write % as %25');
      expect(problems).not.toContain(SECRET);
    },
  );

  it.each([
    'mysql://db/onepush',
    'mysql://root@db',
    'mysql://root@db/',
    'mysql://root@db:0/x',
    'mysql://root@db:99999/x',
    'mysql://root@/x',
    'mysql://root@db/x/y',
    'mysql://root@db/x#y',
    'mysql:root@db/x',
    'mariadb://root@db/x',
    'postgres://root@db/x',
    'onepush.db',
  ])('is refused as %j', (url) => {
    expect(problemsOf(url)).toMatch(/^must be /);
  });

  it.each([
    ['useSSL=true', 'useSSL'],
    ['sslmode=require', 'sslmode'],
    ['ssl=%7B%7D', 'ssl'],
    ['ssl_mode=REQUIRED', 'ssl_mode'],
    ['ssl-mode=REQUIRED&connectTimeout=5', 'connectTimeout'],
    ['SSL-MODE=REQUIRED', 'SSL-MODE'],
  ])('is refused with the option %j, which is named', (options, name) => {
    expect(problemsOf(`mysql://root:${SECRET}@db/x?${options}`)).toBe(
      `has the option ${name}, which is not known; known are ssl-mode and ssl-ca`,
    );
  });

  it('asks for TLS in the words of the clients of MySQL', () => {
    const tlsOf = (mode: string) => parseDatabaseUrl(`mysql://root@db/x?ssl-mode=${mode}`);
    expect(tlsOf('DISABLED')).toMatchObject({ target: { tls: undefined } });
    expect(tlsOf('required')).toMatchObject({ target: { tls: { rejectUnauthorized: false, verifyIdentity: false } } });
    expect(tlsOf('VERIFY_CA')).toMatchObject({ target: { tls: { rejectUnauthorized: true, verifyIdentity: false } } });
    expect(tlsOf('VERIFY_IDENTITY')).toMatchObject({
      target: { tls: { rejectUnauthorized: true, verifyIdentity: true } },
    });
  });

  it.each([
    ['db/x?ssl-mode=PREFERRED', 'has an ssl-mode that is none of DISABLED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY'],
    ['db/x?ssl-mode=constructor', 'has an ssl-mode that is none of DISABLED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY'],
    ['db/x?ssl-mode=REQUIRED&ssl-mode=DISABLED', 'has the option ssl-mode twice'],
    ['db/x?ssl-ca=/x', 'has the option ssl-ca, which needs the ssl-mode VERIFY_CA or VERIFY_IDENTITY'],
    ['10.0.0.1/x?ssl-mode=VERIFY_IDENTITY', 'needs a host name for the ssl-mode VERIFY_IDENTITY, not an address'],
    ['[::1]/x?ssl-mode=VERIFY_IDENTITY', 'needs a host name for the ssl-mode VERIFY_IDENTITY, not an address'],
  ])('is refused as %j', (end, problem) => {
    expect(problemsOf(`mysql://root@${end}`)).toContain(problem);
  });

  it('is refused with a file of CAs that has none, or is not there', () => {
    const withCa = (file: string) => problemsOf(`mysql://root@db/x?ssl-mode=VERIFY_CA&ssl-ca=${file}`);
    expect(withCa(at('nothing.pem'))).toBe('has an ssl-ca that cannot be read: there is no such file (ENOENT)');
    expect(withCa(at('folder'))).toBe('has an ssl-ca that cannot be read: it is a directory (EISDIR)');
    expect(withCa(at('no.pem'))).toBe('has an ssl-ca that is no certificate in PEM');
  });
});

describe("a database's URL of SQLite", () => {
  it('names a file that is there, or may come to be', () => {
    for (const name of ['empty.db', 'new.db', 'a/b/new.db', 'with blank.db', '100%.db', 'a#b.db']) {
      expect(parseDatabaseUrl(`sqlite:${at(name)}`)).toEqual({ target: { kind: 'sqlite', path: at(name) } });
    }
    expect(problemsOf('sqlite:./data/onepush.db')).toBe('');
  });

  it.each(['sqlite:', 'sqlite::memory:', 'sqlite://data/x.db', 'sqlite:///data/x.db'])('is refused as %j', (url) => {
    expect(problemsOf(url)).toMatch(/^must name a file/);
  });

  it('is refused with options, or blanks around the path', () => {
    expect(problemsOf(`sqlite:${at('x.db')}?mode=ro`)).toBe('has options, and sqlite: takes none');
    for (const url of [`sqlite: ${at('x.db')}`, `sqlite:${at('x.db')}\n`, `sqlite:${at('x.db')}\r`]) {
      expect(problemsOf(url)).toBe('has a path with line breaks or blanks around it');
    }
  });

  it('is refused where no database can be, with the file and the cause', () => {
    expect(problemsOf(`sqlite:${folder}`)).toBe(`names ${folder}: it is a directory`);
    expect(problemsOf(`sqlite:${at('text.db')}`)).toBe(`names ${at('text.db')}: it is not a database of SQLite`);
    const below = at('text.db/x/y.db');
    expect(problemsOf(`sqlite:${below}`)).toBe(`names ${below}: ${at('text.db')} is no directory`);
    const other = at('other.db');
    expect(problemsOf(`sqlite:${other}`)).toBe(`names ${other}: ${other}-wal is a directory`);
  });
});
