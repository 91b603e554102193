import { setTimeout as sleep } from 'node:timers/promises';
import type { TcpProxy } from '../support/proxy.js';
import { BOTH, type Fault } from './fault.js';
import { travel } from './hands.js';
import type { Rig } from './rig.js';

function proxyOf({ proxy }: Rig): TcpProxy {
  if (proxy === undefined) throw new Error('this fault needs a proxy');
  return proxy;
}

/** What a network does to the link between an edge and its core. The sockets of devices stay open throughout. */
export const LINK_FAULTS: readonly Fault[] = [
  {
    name: 'link reset, 5 times',
    stores: BOTH,
    short: ['mysql'],
    proxied: true,
    async strike(rig) {
      for (let cut = 0; cut < 5; cut++) {
        proxyOf(rig).reset();
        await sleep(600);
      }
    },
  },
  {
    name: 'link swallows everything, 10 s',
    stores: BOTH,
    short: ['sqlite'],
    proxied: true,
    async strike(rig, scale) {
      proxyOf(rig).blackHole(true);
      await sleep(10_000 * scale);
      proxyOf(rig).blackHole(false);
    },
  },
  {
    name: 'link that comes back late, 12 s; hands change meanwhile',
    stores: BOTH,
    short: ['sqlite'],
    proxied: true,
    async strike(rig) {
      // The edge has noticed after 8 s at the latest, and attached again, when what the old connection held arrives.
      const release = proxyOf(rig).strand('everything');
      await sleep(12_000);
      release();
      await travel(rig, 'changes hands', async (change) => {
        proxyOf(rig).blackHole(true);
        await change();
        proxyOf(rig).blackHole(false);
      });
    },
  },
  {
    name: 'link with 1 s of latency, 6 s',
    stores: BOTH,
    short: [],
    proxied: true,
    async strike(rig, scale) {
      proxyOf(rig).delay(1000);
      await sleep(6000 * scale);
      proxyOf(rig).delay(0);
    },
  },
];
