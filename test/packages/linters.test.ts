import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ROOT } from '../support/dist.js';

/** Runs a program to its end. */
function run(program: string, args: readonly string[]): { status: number | null; said: string; stdout: string } {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: ROOT, encoding: 'utf8' });
  return { status, said: status === 0 ? '' : `${stdout}${stderr}`, stdout };
}
function has(program: string, ...args: string[]): boolean {
  const found = run(program, args).status === 0;
  if (!found) console.warn(`${program} is not on PATH: what it says of deploy/ is skipped.`);
  return found;
}

describe.runIf(has('hadolint', '--version'))('hadolint', () => {
  it('has nothing to say of the Dockerfile', () => {
    expect(run('hadolint', ['deploy/docker/Dockerfile'])).toMatchObject({ status: 0, said: '' });
  });
});

describe.runIf(has('helm', 'version', '--short'))('helm', () => {
  const tokens = ['--set', 'secrets.linkToken=a,secrets.adminToken=b'];
  const mysql = ['--set', 'secrets.databaseUrl=mysql://user@host/onepush'];
  const all = [
    '--set',
    'serviceMonitor.enabled=true,serviceMonitor.tlsConfig.insecureSkipVerify=true,ingress.enabled=true',
  ];
  const render = (...args: string[]) =>
    run('helm', ['template', 'push', 'deploy/helm/onepush', '--kube-version', '1.33.0', ...args]);
  const kinds = (stdout: string) =>
    parseAllDocuments(stdout)
      .map((document) => String(document.get('kind')))
      .toSorted();

  it('has nothing to say of the chart', () => {
    expect(run('helm', ['lint', '--strict', 'deploy/helm/onepush', ...tokens, ...mysql])).toMatchObject({ status: 0 });
  });

  it('makes all that the values ask for', () => {
    const { said, stdout } = render(...tokens, ...mysql, ...all);
    expect(said).toBe('');
    const made = [
      'Deployment',
      'Ingress',
      'NetworkPolicy',
      'NetworkPolicy',
      'PodDisruptionBudget',
      'Secret',
      'Service',
    ];
    const rest = ['Service', 'Service', 'ServiceMonitor', 'ServiceMonitor', 'StatefulSet'];
    expect(kinds(stdout)).toEqual([...made, ...rest]);
    expect(stdout).toContain('terminationGracePeriodSeconds: 25');
    const sqlite = render(...tokens, '--set', 'core.sqlite=true,networkPolicy.enabled=false,plaintext=false');
    expect(sqlite.said).toBe('');
    expect(sqlite.stdout).toContain('volumeClaimTemplates');
    expect(sqlite.stdout).not.toContain('ONEPUSH_ALLOW_PLAINTEXT');
  });

  it('starts the pods again when its Secret changes', () => {
    const hashes = [tokens, ['--set', 'secrets.linkToken=a,secrets.adminToken=c']].map(
      (secrets) => render(...secrets, ...mysql).stdout.match(/onepush\/secret: [0-9a-f]{64}/g) ?? [],
    );
    expect(hashes.map((each) => each.length)).toEqual([2, 2]);
    expect(hashes[0]).not.toEqual(hashes[1]);
  });

  it('refuses what is missing, and a value that there is not', () => {
    expect(render(...tokens).said).toContain('secrets.databaseUrl, secrets.existingSecret or core.sqlite is required');
    expect(render(...tokens, ...mysql, '--set', 'core.replicas=2').said).toContain('replicas');
  });
});

describe.runIf(has('systemd-analyze', '--version'))('systemd', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'onepush-units-'));
    await cp(join(ROOT, 'deploy/systemd'), folder, { recursive: true });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(['onepush-core.service', 'onepush-edge@.service'])('says that %s is exposed to 2.0 at the most', (unit) => {
    const analyze = run('systemd-analyze', ['security', '--offline=true', '--threshold=20', join(folder, unit)]);
    expect(analyze).toMatchObject({ status: 0 });
  });
});
