import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../../common/settings/env.js';
import { readCoreConfig } from '../../../../core/config.js';
import { readEdgeConfig } from '../../../../edge/config.js';

const TOKEN = { ONEPUSH_LINK_TOKEN: 'token' };
const LOOPBACK = { ONEPUSH_HTTP_LISTEN: '127.0.0.1:8080' };
const PAIR = { ONEPUSH_TLS_CERT: '/cert.pem', ONEPUSH_TLS_KEY: '/key.pem' };

/** The settings that the problems of an environment begin with. */
function refusedBy(read: (env: Record<string, string>) => unknown, env: Record<string, string>): string[] {
  try {
    read({ ...TOKEN, ...env });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => problem.split(' ')[0] ?? '').toSorted();
  }
}

describe('plain text beyond this machine', () => {
  it('is refused at every port of the core', () => {
    const env = {
      ONEPUSH_GRPC_LISTEN: '0.0.0.0:9090',
      ONEPUSH_CONNECT_LISTEN: '[::]:9091',
      ONEPUSH_OPS_LISTEN: '10.0.0.1:9092',
    };
    expect(refusedBy(readCoreConfig, env)).toEqual(Object.keys(env).toSorted());
    expect(refusedBy(readCoreConfig, { ...env, ...PAIR })).toEqual([]);
    expect(refusedBy(readCoreConfig, { ...env, ONEPUSH_ALLOW_PLAINTEXT: '1' })).toEqual([]);
    expect(refusedBy(readCoreConfig, {})).toEqual([]);
  });

  it('is refused at every port of the edge, which has its own by default, and on the link', () => {
    const env = { ONEPUSH_OPS_LISTEN: 'edge.internal:8081', ONEPUSH_CORE_ADDRS: '127.0.0.1:9090,core.internal:9090' };
    const names = ['ONEPUSH_CORE_ADDRS', 'ONEPUSH_HTTP_LISTEN', 'ONEPUSH_OPS_LISTEN'];
    expect(refusedBy(readEdgeConfig, env)).toEqual(names);
    expect(refusedBy(readEdgeConfig, { ...env, ...PAIR })).toEqual(['ONEPUSH_CORE_ADDRS']);
    expect(refusedBy(readEdgeConfig, { ...env, ...PAIR, ONEPUSH_LINK_TLS_CA: '/ca.pem' })).toEqual([]);
    expect(refusedBy(readEdgeConfig, LOOPBACK)).toEqual([]);
  });

  it('that is allowed is known, for the log', () => {
    const env = { ...TOKEN, ONEPUSH_ALLOW_PLAINTEXT: '1', ONEPUSH_CORE_ADDRS: 'core.internal:9090' };
    expect(readEdgeConfig(env).plaintext).toEqual(['ONEPUSH_HTTP_LISTEN', 'ONEPUSH_CORE_ADDRS']);
    expect(readEdgeConfig({ ...env, ...LOOPBACK, ONEPUSH_CORE_ADDRS: '' }).plaintext).toEqual([]);
  });
});

describe('settings of TLS', () => {
  it.each([
    ['a certificate without its key', { ONEPUSH_TLS_CERT: '/c' }, ['ONEPUSH_TLS_CERT']],
    ['a key without its certificate', { ONEPUSH_TLS_KEY: '/k' }, ['ONEPUSH_TLS_KEY']],
    [
      'a certificate for a link that is not encrypted',
      { ONEPUSH_LINK_TLS_CERT: '/c', ONEPUSH_LINK_TLS_KEY: '/k' },
      ['ONEPUSH_LINK_TLS_CERT'],
    ],
    [
      'what goes with https, without it',
      { ONEPUSH_HSTS_SECONDS: '1', ONEPUSH_HTTP_REDIRECT_LISTEN: '0.0.0.0:80' },
      ['ONEPUSH_HSTS_SECONDS', 'ONEPUSH_HTTP_REDIRECT_LISTEN'],
    ],
  ])('refuse %s', (_, env, refused) => {
    expect(refusedBy(readEdgeConfig, { ...LOOPBACK, ...env })).toEqual(refused);
  });

  it('refuse CAs of edges where the core has no certificate itself', () => {
    expect(refusedBy(readCoreConfig, { ONEPUSH_LINK_TLS_CA: '/ca.pem' })).toEqual(['ONEPUSH_LINK_TLS_CA']);
  });
});
