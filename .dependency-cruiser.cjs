/** Who may import whom: docs/style.md has the picture. `make arrows` checks it. */

/** A rule: of our own code, files whose path matches `from` import only what matches one of `to`. */
const only = (name, from, to, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: '^(cli|console|core|edge|common|client|device|gen|test|tools)/', pathNot: to },
});

const STORE = '^core/store/(store|types)\\.ts$';
const CHANNEL = '^core/channel/(channel|credentials|host)\\.ts$';
const REGISTRATION = '^core/registration/registration\\.ts$';

module.exports = {
  forbidden: [
    { name: 'no-circle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'nobody-imports-main',
      severity: 'error',
      from: { path: '^(cli|core|edge|common|client|device)/' },
      to: { path: '/main\\.ts$' },
    },
    {
      name: 'domain-is-pure',
      comment: 'core/domain imports nothing but common, not even packages or builtins',
      severity: 'error',
      from: { path: '^core/domain/' },
      to: { pathNot: '^(core/domain|common)/' },
    },
    only(
      'registry',
      '^core/registry/',
      ['^core/(registry|domain)/', '^common/', STORE],
      'core/registry imports domain, common and the interface of the store',
    ),
    only(
      'writer',
      '^core/delivery/writer/',
      ['^core/delivery/(writer/|commit-effects\\.ts)', '^core/(registry|domain)/', '^common/', STORE],
      'the writer knows neither sessions nor what makes pushes nor what cleans up',
    ),
    only(
      'delivery',
      '^core/delivery/',
      ['^core/(delivery|registry|domain)/', '^common/', STORE, CHANNEL],
      'core/delivery imports registry, domain, common and the interfaces of store and channels',
    ),
    ...['sessions', 'push', 'upkeep'].map((room) =>
      only(
        room,
        `^core/delivery/${room}/`,
        [
          `^core/delivery/(${room}|writer)/`,
          '^core/delivery/[\\w-]+\\.ts$',
          '^core/(registry|domain)/',
          '^common/',
          STORE,
        ],
        'sessions, push and upkeep import the writer, not each other',
      ),
    ),
    only(
      'waking',
      '^core/delivery/waking/',
      [
        '^core/delivery/(waking|writer)/',
        '^core/delivery/[\\w-]+\\.ts$',
        '^core/(registry|domain)/',
        '^common/',
        STORE,
        CHANNEL,
      ],
      'waking imports the writer and the interface of channels',
    ),
    only(
      'link-and-rpc',
      '^core/(link|rpc)/',
      ['^core/(link|rpc|registry|delivery|domain)/', '^common/', '^gen/', CHANNEL, REGISTRATION],
      'core/link and core/rpc import registry, delivery, domain, common, gen and the interfaces of the others',
    ),
    only(
      'implementations',
      '^core/(store|channel|shards|registration|outbound|sealing)/',
      ['^core/(store|channel|shards|registration|outbound|sealing|domain)/', '^common/'],
      'store, channels, shards, registration, outbound and sealing import domain and common',
    ),
    {
      name: 'implementations-are-named-once',
      comment: 'implementations of store, channels and shards are named only where the core is put together',
      severity: 'error',
      from: {
        path: '^(core|edge|common|client|cli)/',
        pathNot:
          '^core/(store|channel|shards|registration|outbound|sealing)/|^core/(app|open-store|inspect-store|load-secrets)\\.ts$',
      },
      to: {
        path: '^core/(store|channel|shards|registration|outbound|sealing)/',
        pathNot: [STORE, CHANNEL, REGISTRATION],
      },
    },
    only('core', '^core/', ['^(core|common|gen)/'], 'core imports nothing of edge'),
    only('edge', '^edge/(?!page/client/)', ['^(edge|common|gen)/'], 'edge imports nothing of core'),
    only('page', '^edge/page/client/', ['^(edge/page/client|device)/'], 'the page is built on the device package'),
    only(
      'cli',
      '^cli/',
      [
        '^(cli|client|common|gen)/',
        '^core/(config|open-store|inspect-store)\\.ts$',
        '^edge/(config|descriptors)\\.ts$',
        STORE,
      ],
      'the command goes over the client; of the processes it knows their settings, and how a store is opened',
    ),
    {
      name: 'open-telemetry-is-loaded-late',
      comment: 'where traces are off, nothing of OpenTelemetry is loaded',
      severity: 'error',
      from: { path: '^(core|edge|common|cli)/', pathNot: '^common/tracing/(open-telemetry|export)\\.ts$' },
      to: { path: 'node_modules/@opentelemetry/' },
    },
    {
      name: 'open-telemetry-is-loaded-when-asked-for',
      severity: 'error',
      from: { path: '^(core|edge|common|cli)/', pathNot: '^common/tracing/open-telemetry\\.ts$' },
      to: { path: '^common/tracing/(open-telemetry|export)\\.ts$', dynamic: false },
    },
    only('common', '^common/', ['^(common|gen)/'], 'common imports neither core nor edge'),
    only(
      'client',
      '^client/',
      ['^(client|gen)/', '^common/(grpc|text)\\.ts$'],
      'client imports gen and of common what it is packed with',
    ),
    only(
      'console',
      '^console/',
      ['^(console|gen)/', '^common/why/', '^common/errors\\.ts$'],
      'console runs in browsers: it imports gen, the reasons of failures, and what finds the words for why a message did not arrive',
    ),
    {
      name: 'device-is-alone',
      comment:
        'device imports nothing but itself: no package, and of Node.js only what device/node.ts keeps files with',
      severity: 'error',
      from: { path: '^device/' },
      to: { pathNot: ['^device/', '^node:', '^fs', '^path$'] },
    },
    {
      name: 'device-runs-everywhere',
      severity: 'error',
      from: { path: '^device/', pathNot: '^device/node\\.ts$' },
      to: { pathNot: '^device/' },
    },
    {
      name: 'gen-is-for-the-wire',
      comment: 'gen is imported only by common, */rpc, */link, the client, the command, tools and tests',
      severity: 'error',
      from: { path: '^(core|edge)/', pathNot: '^(core|edge)/(rpc|link)/' },
      to: { path: '^gen/' },
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    // Its parser knows no JSX.
    exclude: { path: '^(client|device)/dist/|\\.tsx$' },
  },
};
