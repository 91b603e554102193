/** Keeps listeners of typed events. */
export interface Emitter<Events extends object> {
  /** Adds a listener. Returns what removes it. */
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void;
  /** Calls the listeners. One that throws disturbs no other: the runtime reports it. */
  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void;
}

/** Returns an emitter without listeners. */
export function createEmitter<Events extends object>(): Emitter<Events> {
  const all = new Map<keyof Events, Set<(event: never) => void>>();
  return {
    on(name, listener) {
      const listeners = all.get(name) ?? new Set();
      all.set(name, listeners);
      // Another registration of the same function is another listener.
      const own = (event: Parameters<typeof listener>[0]): void => listener(event);
      listeners.add(own);
      return () => listeners.delete(own);
    },
    emit(name, event) {
      for (const listener of [...(all.get(name) ?? [])]) {
        try {
          // Listeners are kept under the name of what they take.
          listener(event as never);
        } catch (error) {
          Promise.reject(error);
        }
      }
    },
  };
}
