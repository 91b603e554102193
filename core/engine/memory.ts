import { CORES } from '../../common/push-id.js';
import type { BoundSession, Engine, EngineListener, EngineMember } from './engine.js';

interface Route extends BoundSession {
  core: number;
}

/**
 * An engine for the cores of one process: one core as a rule, several in tests. Nothing is lost and nothing comes twice.
 *
 * @throws from `join`, if there are as many cores as numbers
 */
export function createMemoryEngine(): Engine {
  /** By number; undefined: it does not listen yet. */
  const members = new Map<number, EngineListener | undefined>();
  const routes = new Map<number, Route>();

  /** In a later turn, in the order of the calls. */
  function tell(core: number, say: (listener: EngineListener) => void): void {
    const listener = members.get(core);
    if (listener === undefined) return;
    setImmediate(() => {
      if (members.get(core) === listener) say(listener);
    });
  }

  function tellOthers(core: number, say: (listener: EngineListener) => void): void {
    for (const other of members.keys()) if (other !== core) tell(other, say);
  }

  function memberOf(core: number): EngineMember {
    return {
      core,
      hasOthers: () => members.size > 1,
      listen: (listener) => void members.set(core, listener),
      bind(sessions) {
        const superseded = new Map<number, BoundSession[]>();
        for (const { deviceNum, generation } of sessions) {
          const earlier = routes.get(deviceNum);
          routes.set(deviceNum, { core, deviceNum, generation });
          if (earlier === undefined || earlier.core === core) continue;
          superseded.set(earlier.core, [...(superseded.get(earlier.core) ?? []), earlier]);
        }
        for (const [other, earlier] of superseded) tell(other, (listener) => listener.superseded(earlier));
      },
      unbind(sessions) {
        for (const { deviceNum, generation } of sessions) {
          const route = routes.get(deviceNum);
          if (route?.core === core && route.generation === generation) routes.delete(deviceNum);
        }
      },
      async findRoutes(deviceNums) {
        const found = new Map<number, number>();
        for (const deviceNum of deviceNums) {
          const route = routes.get(deviceNum);
          if (route !== undefined) found.set(deviceNum, route.core);
        }
        return found;
      },
      hint: (other, deviceNums) => tell(other, (listener) => listener.hinted(deviceNums)),
      publish: (publication) => tellOthers(core, (listener) => listener.published(publication)),
      announce: (change) => tellOthers(core, (listener) => listener.changed(change)),
      async leave() {
        members.delete(core);
        for (const [deviceNum, route] of routes) if (route.core === core) routes.delete(deviceNum);
      },
    };
  }

  return {
    async join() {
      let core = 0;
      while (members.has(core)) core++;
      if (core >= CORES) throw new Error(`more than ${CORES} cores`);
      members.set(core, undefined);
      return memberOf(core);
    },
  };
}
