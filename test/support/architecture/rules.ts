import { findCycles } from './cycles.js';
import type { Import, Source } from './sources.js';

/** Judges one import; returns the rule that it breaks, if any. */
type Arrow = (from: string, to: Import) => string | undefined;

const MAX_LINES = 300;
const ANY = /:\s*any\b(?!\s*[:(])|\bas\s+any\b|<\s*any\b|\bany\s*(?:\[\]|>)/;
const INTERFACES = ['core/store/store.ts', 'core/engine/engine.ts', 'core/channel/channel.ts'];
const IMPLEMENTS = /^core\/(store|engine|channel)\//;

/** The rules on one layer's imports: from files that match `from`, only files that match one of `may`. */
const LAYERS: { from: RegExp; may: (RegExp | string)[]; rule: string; packages?: false }[] = [
  {
    from: /^core\/domain\//,
    may: [/^core\/domain\//, /^common\//],
    rule: 'core/domain imports nothing but common',
    packages: false,
  },
  {
    from: /^core\/(registry|delivery)\//,
    may: [/^core\/(domain|registry|delivery)\//, /^common\//, ...INTERFACES],
    rule: 'registry and delivery import domain, each other, common and the interfaces of store, engine and channel',
  },
  {
    from: /^core\/rpc\//,
    may: [/^core\/(rpc|registry|delivery|domain)\//, /^common\//, /^gen\//],
    rule: 'core/rpc imports registry, delivery, domain, common and gen',
  },
  {
    from: IMPLEMENTS,
    may: [IMPLEMENTS, /^core\/domain\//, /^common\//],
    rule: 'store, engine and channel import domain and common',
  },
  { from: /^core\//, may: [/^(core|common|gen)\//], rule: 'core imports nothing of edge' },
  { from: /^edge\//, may: [/^(edge|common|gen)\//], rule: 'edge imports nothing of core' },
  { from: /^common\//, may: [/^(common|gen)\//], rule: 'common imports neither core nor edge' },
  { from: /^client\//, may: [/^(client|gen)\//, 'common/text.ts'], rule: 'client imports gen and common/text.ts' },
];

const layerArrow: Arrow = (from, { target, specifier }) => {
  const layer = LAYERS.find((candidate) => candidate.from.test(from));
  if (!layer) return undefined;
  if (target === undefined) return layer.packages === false ? `${layer.rule} (${specifier} is a package)` : undefined;
  const allowed = layer.may.some((place) => (typeof place === 'string' ? place === target : place.test(target)));
  return allowed ? undefined : layer.rule;
};

const implementationArrow: Arrow = (from, { target }) => {
  const folder = IMPLEMENTS.exec(target ?? '')?.[0];
  if (!folder || !target || INTERFACES.includes(target) || from.startsWith(folder)) return undefined;
  return from === 'core/app.ts' || from === 'core/open-store.ts'
    ? undefined
    : 'implementations of store, engine and channel are named only in core/app.ts and core/open-store.ts';
};

const genArrow: Arrow = (from, { target }) => {
  if (!target?.startsWith('gen/') || /^(gen|common|client|tools|(core|edge)\/(rpc|link))\//.test(from))
    return undefined;
  return 'gen is imported only by common, client, tools, */rpc, */link and tests';
};

const mainArrow: Arrow = (_from, { target }) =>
  target && /\/main\.ts$/.test(target) ? 'nobody imports main.ts' : undefined;

/** Every breach of the rules of the house on imports, `any` and length: `<file>: <what> — <rule>`, empty when clean. */
export function findViolations(sources: Source[]): string[] {
  const found = sources.flatMap((source) => [...arrows(source), ...(isWritten(source) ? style(source) : [])]);
  const cycles = findCycles(sources).map((cycle) => `${cycle[0]}: ${cycle.join(' → ')} — no import cycles`);
  return [...found, ...cycles];
}

function arrows({ path, imports }: Source): string[] {
  return imports.flatMap((to) =>
    [layerArrow, implementationArrow, genArrow, mainArrow]
      .map((arrow) => arrow(path, to))
      .filter((rule) => rule !== undefined)
      .map((rule) => `${path}: imports ${to.target ?? to.specifier} — ${rule}`),
  );
}

function isWritten({ path }: Source): boolean {
  return !path.startsWith('gen/');
}

function style({ path, lines, code }: Source): string[] {
  const anys = code.flatMap((line, index) => (ANY.test(line) ? [`${path}: line ${index + 1} — no \`any\``] : []));
  const long = lines.length > MAX_LINES ? [`${path}: ${lines.length} lines — no file over ${MAX_LINES} lines`] : [];
  return [...anys, ...long];
}
