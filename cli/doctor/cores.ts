import { type Environment, formatAddress } from '../../common/settings/env.js';
import { isListening } from './ask.js';
import { type Check, fail, ok } from './check.js';
import type { Configs } from './settings.js';

/** Tries the cores that the edge is to attach to, where the settings name them: one of them has to be there. */
export async function checkCores({ edge }: Configs, env: Environment): Promise<Check[]> {
  if (edge === undefined || !env.ONEPUSH_CORE_ADDRS) return [];
  return Promise.all(
    edge.coreAddrs.map(async (address) => {
      const place = `${formatAddress(address)} (ONEPUSH_CORE_ADDRS)`;
      return (await isListening(address.host, address.port))
        ? ok('core of the edge', `${place} can be reached`)
        : fail(
            'core of the edge',
            `${place} cannot be reached`,
            'Is it up, does a firewall stand between, is the name right?',
          );
    }),
  );
}
