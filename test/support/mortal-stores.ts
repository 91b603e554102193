import type { Store } from '../../core/store/store.js';

/** A death of a core, at a call of its store. */
export interface Death {
  /** Returns true when it has come. */
  isDead(): boolean;
  /** Resolves when what the store was doing then is done. */
  under(): Promise<void>;
}

/** Cores that use a store and may die, one after the other. */
export interface MortalStores {
  /** Returns the store of the next core: the one of before hears nothing any more. */
  next(store: Store): { store: Store; isAlive(): boolean };
  /** The core dies at the n-th call from now on, before it or after it; 0: it does not. */
  dieAt(calls: number, when: 'before' | 'after'): Death;
  /** The last death that was ordered. */
  last(): Death;
}

/** Calls that a core makes all the time: no death is worth a trial at each. */
const LOOKS: ReadonlySet<string | symbol> = new Set(['findWakeLanes', 'findDueWalks']);

/** Returns stores of cores that live. */
export function createMortalStores(): MortalStores {
  let generation = 0;
  let death = { calls: 0, when: 'before', dead: false, under: Promise.resolve() };
  const toDeath = (own: typeof death): Death => ({ isDead: () => own.dead, under: () => own.under });

  return {
    next(store) {
      const own = ++generation;
      const isAlive = (): boolean => own === generation && !death.dead;
      const mortal = new Proxy(store, {
        get(target, name, receiver) {
          const method: unknown = Reflect.get(target, name, receiver);
          if (typeof method !== 'function' || LOOKS.has(name)) return method;
          return (...args: unknown[]): unknown => {
            if (!isAlive()) return new Promise(() => {});
            const isLast = death.calls > 0 && --death.calls === 0;
            if (isLast) death.dead = true;
            if (isLast && death.when === 'before') return new Promise(() => {});
            const result: unknown = Reflect.apply(method, target, args);
            if (!isLast) return result;
            death.under = Promise.resolve(result).then(
              () => {},
              () => {},
            );
            return new Promise(() => {});
          };
        },
      });
      return { store: mortal, isAlive };
    },
    dieAt(calls, when) {
      death = { calls, when, dead: false, under: Promise.resolve() };
      return toDeath(death);
    },
    last: () => toDeath(death),
  };
}
