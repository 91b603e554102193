import type { CoreOwnership } from '../../core/store/store.js';

/** The store, taken over from whoever had it. */
export async function owned<S extends CoreOwnership>(store: S, address = 'test'): Promise<S> {
  const { epoch } = await store.findOwner();
  if (!(await store.takeOver(address, epoch))) throw new Error('somebody else was faster');
  return store;
}
