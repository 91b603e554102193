import { type FakeApns, startApns } from '../../support/vendors/apns.js';
import type { VendorFault } from '../../support/vendors/server.js';
import { serve } from '../child.js';

/** A vendor of a bench: a fake APNs in a process of its own. */
export interface Vendor {
  /** Resolves with the settings of its credential, as JSON. */
  start(input: null): Promise<string>;
  /** From now on it does so to all requests; without a fault it answers them. Answers how many came since the last call. */
  behave(input: { fault?: VendorFault }): number;
}

let apns: FakeApns | undefined;

serve<Vendor>({
  async start() {
    apns = await startApns();
    return JSON.stringify(apns.settings);
  },
  behave({ fault }) {
    const came = apns?.server.requests.length ?? 0;
    apns?.server.forget();
    apns?.server.always(fault);
    return came;
  },
});
