import { and, count, eq, inArray, isNull, ne } from 'drizzle-orm';
import { LIMITS } from '../../../common/contract/fields.js';
import { EVERYONE_TAG } from '../../domain/audience.js';
import { groupByApp } from '../reads/registry.js';
import type { SqlDriver, Transaction } from '../sql/driver.js';
import type { NewRegistration, Refusal } from '../store.js';

/**
 * Limits of one user and one app: devices of an alias and of an app, and tags of an app, with those that are not
 * removed yet.
 * Whoever is over a limit already stays as it is.
 */
export interface RegistrationLimits {
  /**
   * Answers in the order of the call why each is refused; undefined: it is not.
   *
   * @param joins whether a registration, by its place, brings its alias another device
   * @param isNew whether it brings its app another device
   */
  check(
    tx: Transaction,
    registrations: readonly NewRegistration[],
    joins: (index: number) => boolean,
    isNew: (index: number) => boolean,
  ): Promise<(Refusal | undefined)[]>;
  /** Topics are being made. */
  made(appNum: number, topics: number): void;
  /** A topic is being removed. */
  removed(appNum: number): void;
}

/** Returns limits that have counted nothing yet. */
export function createRegistrationLimits({ tables: { devices, topics } }: SqlDriver): RegistrationLimits {
  /** Maximum number of topics that apps may have by now; `exact`: they were counted, and none was made or removed
   * since. */
  const topicCounts = new Map<number, { topics: number; exact: boolean }>();

  async function devicesOf(tx: Transaction, joining: readonly NewRegistration[]): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for (const [appNum, aliases] of groupByApp(joining, ({ alias }) => alias)) {
      const rows = await tx.db
        .select({ alias: devices.alias, devices: count() })
        .from(devices)
        .where(and(eq(devices.appNum, appNum), inArray(devices.alias, aliases), isNull(devices.unregisteredAt)))
        .groupBy(devices.alias);
      for (const row of rows) counts.set(`${appNum}:${row.alias}`, row.devices);
    }
    return counts;
  }

  async function countTopics(tx: Transaction, appNum: number): Promise<number> {
    const [row] = await tx.db
      .select({ topics: count() })
      .from(topics)
      .where(and(eq(topics.appNum, appNum), ne(topics.tag, EVERYONE_TAG)));
    const counted = { topics: row?.topics ?? 0, exact: true };
    topicCounts.set(appNum, counted);
    return counted.topics;
  }

  /**
   * The new tags that each app may still have, and which of these tags it has; an app that cannot be over its limit is
   * absent.
   */
  async function nearLimit(
    tx: Transaction,
    tagged: readonly { appNum: number; tag: string }[],
    limitOf: (appNum: number) => number,
  ): Promise<Map<number, { left: number; known: Set<string> }>> {
    const near = new Map<number, { left: number; known: Set<string> }>();
    for (const [appNum, tags] of groupByApp(tagged, ({ tag }) => tag)) {
      const counted = topicCounts.get(appNum);
      let total = counted?.topics ?? (await countTopics(tx, appNum));
      if (total + tagged.length <= limitOf(appNum)) continue;
      if (counted?.exact === false) total = await countTopics(tx, appNum);
      const rows = await tx.db
        .select({ tag: topics.tag })
        .from(topics)
        .where(and(eq(topics.appNum, appNum), inArray(topics.tag, tags)));
      const known = near.get(appNum)?.known ?? new Set();
      for (const { tag } of rows) known.add(tag);
      near.set(appNum, { left: limitOf(appNum) - total, known });
    }
    return near;
  }

  return {
    async check(tx, registrations, joins, isNew) {
      const joining = registrations.filter((_, index) => joins(index));
      const devicesOfAlias = await devicesOf(tx, joining);
      const tagged = registrations.flatMap(({ appNum, tags }) => tags.map((tag) => ({ appNum, tag })));
      const limits = new Map(registrations.map(({ appNum, maxTags }) => [appNum, maxTags]));
      const near = await nearLimit(tx, tagged, (appNum) => limits.get(appNum) ?? LIMITS.tagsOfApp);
      return registrations.map(({ appNum, alias, tags, isAppFull }, index) => {
        if (isAppFull && isNew(index)) return 'APP_FULL';
        const key = `${appNum}:${alias}`;
        const others = devicesOfAlias.get(key) ?? 0;
        if (joins(index) && others >= LIMITS.devicesOfAlias) return 'TOO_MANY_DEVICES';
        const app = near.get(appNum);
        const fresh = app === undefined ? [] : tags.filter((tag) => !app.known.has(tag));
        if (app !== undefined && fresh.length > 0) {
          if (fresh.length > app.left) return 'TOO_MANY_TAGS';
          app.left -= fresh.length;
          for (const tag of fresh) app.known.add(tag);
        }
        if (joins(index)) devicesOfAlias.set(key, others + 1);
        return undefined;
      });
    },
    made(appNum, made) {
      const counted = topicCounts.get(appNum);
      if (counted !== undefined) topicCounts.set(appNum, { topics: counted.topics + made, exact: false });
    },
    removed(appNum) {
      const counted = topicCounts.get(appNum);
      if (counted !== undefined) topicCounts.set(appNum, { ...counted, exact: false });
    },
  };
}
