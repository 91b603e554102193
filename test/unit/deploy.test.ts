import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { NODE_OPTIONS } from '../../common/node-options.js';
import { SETTINGS } from '../../common/settings/settings.js';
import { ROOT } from '../support/dist.js';
import { readContext } from '../support/dockerfile.js';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const FILES = readdirSync(join(ROOT, 'deploy'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1));
const DOCKERFILE = read('deploy/docker/Dockerfile');
const CHART = 'deploy/helm/onepush';
const DRAIN_SECONDS = SETTINGS.ONEPUSH_DRAIN_SECONDS.fallback;
const { version } = JSON.parse(read('package.json'));

/** Directives of nginx without comments and blanks, those of a location after what the file says outside of it. */
const proxyDirectives = (text: string): string[] =>
  text.match(/^\s*(proxy_|least_conn|keepalive|client_max_body)[^;]*;/gm)?.map((line) => line.trim()) ?? [];
/** The paths of all members of an object that are not objects with members themselves. */
function leaves(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Object.keys(value).length === 0)
    return [path];
  return Object.entries(value).flatMap(([key, member]) => leaves(member, path === '' ? key : `${path}.${key}`));
}

describe('deploy/', () => {
  it.each(FILES)('%s names settings that exist', (path) => {
    // ONEPUSH_TAG is the image's, for compose alone.
    const names = new Set(read(path).match(/\bONEPUSH_[A-Z_]*[A-Z]\b/g));
    names.delete('ONEPUSH_TAG');
    expect([...names].filter((name) => !(name in SETTINGS))).toEqual([]);
  });

  it('starts the processes with their options of Node.js', () => {
    const lines = {
      core: `${[...NODE_OPTIONS.core, ''].join(' ')}`,
      edge: `${[...NODE_OPTIONS.edge, ''].join(' ')}`.trimStart(),
    };
    for (const name of ['core', 'edge'] as const) {
      expect(read('deploy/docker/entrypoint.sh')).toContain(`exec node ${lines[name]}dist/${name}/main.js`);
      const unit = read(`deploy/systemd/onepush-${name}${name === 'edge' ? '@' : ''}.service`);
      expect(unit).toContain(`ExecStart=/usr/bin/node ${lines[name]}/opt/one-push/dist/${name}/main.js\n`);
    }
  });

  it('listens where the settings say by default, but for other machines', () => {
    for (const name of ['ONEPUSH_GRPC_LISTEN', 'ONEPUSH_CONNECT_LISTEN'] as const) {
      expect(DOCKERFILE).toContain(`${name}=${SETTINGS[name].fallback.replace('127.0.0.1', '0.0.0.0')}`);
    }
    expect(DOCKERFILE).toContain(
      `ONEPUSH_OPS_LISTEN=${SETTINGS.ONEPUSH_OPS_LISTEN.fallback.core.replace('127.0.0.1', '0.0.0.0')}`,
    );
    expect(SETTINGS.ONEPUSH_HTTP_LISTEN.fallback).toBe('0.0.0.0:8080');
    expect(DOCKERFILE).toContain('\nEXPOSE 8080 9090 9091 9092\n');
  });

  it('gives a stop ten seconds more than the drain', () => {
    const { services } = parse(read('deploy/compose/compose.yaml'), { merge: true });
    for (const name of ['core', 'edge-1', 'edge-2'])
      expect(services[name].stop_grace_period).toBe(`${DRAIN_SECONDS + 10}s`);
    for (const unit of ['core', 'edge@'])
      expect(read(`deploy/systemd/onepush-${unit}.service`)).toContain(`\nTimeoutStopSec=${DRAIN_SECONDS + 10}\n`);
    expect(parse(read(`${CHART}/values.yaml`)).drainSeconds).toBe(DRAIN_SECONDS);
  });

  it('runs containers without rights, on a file system that they cannot write to', () => {
    const { services } = parse(read('deploy/compose/compose.yaml'), { merge: true });
    for (const name of ['core', 'edge-1', 'edge-2']) {
      expect(services[name]).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      });
    }
    expect(DOCKERFILE).toContain('\nUSER 1000:1000\n');
  });

  it('has the same proxy for containers as for a machine, and as in the page', () => {
    const machine = proxyDirectives(read('deploy/nginx/onepush.conf'));
    const containers = proxyDirectives(read('deploy/compose/nginx.conf'));
    // The port of another machine is not that of the container, so the name goes with its port.
    expect(containers.map((line) => line.replace('$http_host', '$host'))).toEqual(machine);
    const [, page = ''] = /^```nginx\n(.*?)^```$/ms.exec(read('docs/operations.md')) ?? [];
    const shown = proxyDirectives(page).filter((line) => !line.startsWith('proxy_pass'));
    expect(shown.length).toBeGreaterThan(5);
    expect(shown.filter((line) => !machine.includes(line))).toEqual([]);
  });

  it('keeps the addresses of the edges, which nginx looks up once', () => {
    const { services, networks } = parse(read('deploy/compose/compose.yaml'), { merge: true });
    const addresses = ['edge-1', 'edge-2'].map((name) => services[name].networks.inside.ipv4_address);
    expect(addresses).toEqual(['172.30.9.11', '172.30.9.12']);
    // The rest gets others.
    expect(networks.inside.ipam.config).toEqual([{ subnet: '172.30.9.0/24', ip_range: '172.30.9.128/25' }]);
  });

  it('starts units again however often they end', () => {
    for (const unit of ['core', 'edge@']) {
      expect(read(`deploy/systemd/onepush-${unit}.service`)).toMatch(/^\[Unit\][^[]*\nStartLimitIntervalSec=0\n/);
    }
  });

  it("keeps the secrets of compose's .env out of the image", () => {
    const inContext = readContext(ROOT);
    expect(inContext(join(ROOT, 'deploy/compose/.env.example'))).toBe(true);
    expect(inContext(join(ROOT, 'deploy/compose/.env'))).toBe(false);
  });

  it('swaps in the uWebSockets.js that README names', () => {
    const [, swapped] = /^ARG UWS_VERSION=(.+)$/m.exec(DOCKERFILE) ?? [];
    expect(read('README.md')).toContain(`@btc-vision/uwebsockets.js@${swapped}`);
  });
});

describe('the chart', () => {
  it('has the version of the release', () => {
    expect(parse(read(`${CHART}/Chart.yaml`))).toMatchObject({ version, appVersion: version });
  });

  it('has a schema for all of its values', () => {
    const schema = JSON.parse(read(`${CHART}/values.schema.json`));
    const known = (path: string): boolean => {
      let node = schema;
      for (const key of path.split('.')) {
        node = node?.properties?.[key] ?? (node?.type === 'object' && node.properties === undefined ? node : undefined);
      }
      return node !== undefined;
    };
    expect(leaves(parse(read(`${CHART}/values.yaml`))).filter((path) => !known(path))).toEqual([]);
  });

  it('reads values that exist', () => {
    const values = parse(read(`${CHART}/values.yaml`));
    const templates = FILES.filter((path) => path.startsWith(`${CHART}/templates`))
      .map(read)
      .join('\n');
    const named = [...templates.matchAll(/\.Values\.([A-Za-z.]+)/g)].map((match) => match[1] ?? '');
    const at = (path: string): unknown => path.split('.').reduce((node, key) => node?.[key], values);
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter((path) => at(path) === undefined)).toEqual([]);
  });
});
