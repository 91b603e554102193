import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { scrape } from '../../support/metrics.js';
import type { Bench, RowProgram } from '../bench.js';
import { directedBodies } from '../bodies.js';
import { toFigure } from '../figure.js';
import { compare, type Sample } from '../pairs.js';
import { type Population, type System, startSystem } from '../system.js';
import { saturate } from './directed.js';

const UNIT = 'messages/s';
/** Kinds of systems, with the share of pushes whose traces are recorded; undefined: traces are off. */
const SHARES = { off: undefined, some: '0.01', all: '1' } as const;
type Kind = keyof typeof SHARES;

/** Row 15: row 2 with traces of one push in a hundred, and of all; the floor: traces are off. */
export const tracedRows: RowProgram = async (bench) => {
  const collector = await startSink();
  const systems: [Kind, System][] = [];
  try {
    for (const kind of ['off', 'some', 'all'] as const) {
      systems.push([kind, await startKind(bench, kind, collector.url)]);
    }
    const taken: Record<Kind, Sample[]> = { off: [], some: [], all: [] };
    for (let round = 0; round < bench.size.pairs; round++) {
      for (const [kind, system] of round % 2 === 0 ? systems : systems.toReversed()) {
        taken[kind].push(await saturate(system, bench.size));
      }
    }
    const figure = (row: string, kind: Kind, measured: string, notes: readonly string[] = []) =>
      toFigure({ row, measured, unit: UNIT, notes }, compare(taken[kind], taken.off));
    const spans = await spansOf(systems.find(([kind]) => kind === 'all')?.[1]);
    return {
      figures: [
        figure('15a', 'off', 'row 2 with traces off; the floor: itself'),
        figure('15b', 'some', 'row 2 with the traces of one push in 100; the floor: traces are off'),
        figure('15c', 'all', 'row 2 with the traces of all pushes; the floor: traces are off', [
          `15c: of the spans ${spans} were dropped, since they came faster than they are exported`,
        ]),
      ],
    };
  } finally {
    for (const [, system] of systems) await system.stop();
    await collector.stop();
  }
};

async function startKind({ size, mariadb, population }: Bench, kind: Kind, collector: string): Promise<System> {
  const share = SHARES[kind];
  let own: Population = population;
  if (share !== undefined) {
    await mariadb.createDatabase(`traced_${kind}`);
    own = { databaseUrl: mariadb.url(`traced_${kind}`), deviceIds: [], serverPid: mariadb.pid };
  }
  const traces = share && { OTEL_EXPORTER_OTLP_ENDPOINT: collector, OTEL_TRACES_SAMPLER_ARG: share };
  const system = await startSystem(own, size.devices, traces);
  await system.open(size.devices);
  await system.prepare(size.senders, directedBodies(size.devices));
  return system;
}

/** Share of the spans of both processes that was dropped. */
async function spansOf(system: System | undefined): Promise<string> {
  let [dropped, all] = [0, 0];
  for (const process of system === undefined ? [] : [system.stack.core, system.stack.edge]) {
    const metrics = await scrape(process);
    const count = (result: string): number => metrics.get(`onepush_spans_total{result="${result}"}`) ?? 0;
    dropped += count('dropped');
    all += count('dropped') + count('exported') + count('failed');
  }
  return `${Math.round((100 * dropped) / Math.max(1, all))}%`;
}

/** A collector that takes everything and looks at nothing. */
async function startSink(): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    request.resume().once('end', () => response.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A TCP server's address is not the name of a pipe.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
