import { describeError, type Logger } from '../../common/log.js';
import type { Change, EngineMember } from '../engine/engine.js';
import type { Registry } from '../registry/registry.js';
import type { NewPush } from '../store/store.js';
import type { Sessions } from './sessions.js';

/** The other cores of the store: tells them what concerns their sessions and caches, and does what they tell. */
export interface Neighbours {
  /** Pushes that this core has committed. Only to be called while there are others. */
  pushed(pushes: readonly NewPush[]): void;
}

export function createNeighbours(options: {
  engine: Pick<EngineMember, 'core' | 'listen' | 'findRoutes' | 'hint' | 'publish'>;
  sessions: Sessions;
  registry: Pick<Registry, 'registered' | 'unregistered' | 'appChanged' | 'forget'>;
  log: Logger;
}): Neighbours {
  const { engine, sessions, registry, log } = options;

  function apply(change: Change): void {
    switch (change.kind) {
      case 'registered': {
        const { result, registration } = change;
        registry.registered(result, registration.appNum, registration.tags);
        sessions.registered(result, registration);
        return;
      }
      case 'unregistered':
        registry.unregistered(change.device);
        sessions.unregistered(change.device);
        return;
      case 'app':
        registry.appChanged(change.id);
        return;
      case 'recalled':
        sessions.recalled(change.pushId);
        return;
      case 'withdrawn':
        sessions.withdrawn(change.deliveries);
        return;
      case 'uncertain':
        registry.forget();
        return;
    }
  }

  engine.listen({
    superseded: sessions.superseded,
    hinted: sessions.hinted,
    published: sessions.pushedElsewhere,
    changed: apply,
    missed() {
      registry.forget();
      sessions.lookAll();
    },
  });

  /** Tells the cores that have the devices' sessions. */
  async function hint(deviceNums: readonly number[]): Promise<void> {
    try {
      const byCore = new Map<number, number[]>();
      for (const [deviceNum, core] of await engine.findRoutes(deviceNums)) {
        if (core === engine.core) continue;
        const known = byCore.get(core);
        if (known === undefined) byCore.set(core, [deviceNum]);
        else known.push(deviceNum);
      }
      for (const [core, devices] of byCore) engine.hint(core, devices);
    } catch (error) {
      log.warn(describeError(error), 'other cores could not be told of deliveries: they will find them');
    }
  }

  return {
    pushed(pushes) {
      const elsewhere = new Set<number>();
      for (const { push, target } of pushes) {
        if (target.kind === 'topics') {
          engine.publish({ push, topicNums: target.topicNums });
          continue;
        }
        for (const { deviceNum } of target.deliveries) {
          if (sessions.presence(deviceNum) === undefined) elsewhere.add(deviceNum);
        }
      }
      if (elsewhere.size > 0) void hint([...elsewhere]);
    },
  };
}
