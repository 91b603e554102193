import { type TextName, t } from '../texts/index.js';
import { Badge, type BadgeKind } from './parts.js';

/**
 * Returns what pages need to show the values of an enum of the protocol.
 *
 * @param values the enum: numbers by their names
 * @param words of each value: the colour of its badge, and the text
 */
export function statesOf<Name extends string>(
  values: Readonly<Record<string, number | string>>,
  words: Readonly<Record<Name, readonly [BadgeKind, TextName]>>,
) {
  // Object.keys of a Record are its keys.
  const names = Object.keys(words) as Name[];
  const nameOf = (value: number): Name | undefined => names.find((name) => values[name] === value);
  const wordOf = (value: number): string => {
    const name = nameOf(value);
    return name === undefined ? t('unknown') : t(words[name][1]);
  };
  return {
    /** Returns the name of a value; undefined: it is one of a later release. */
    nameOf,
    /** Returns a value in words. */
    wordOf,
    /** Returns the values as the options of a choice. */
    options: () => names.map((name) => [name, t(words[name][1])] as const),
    /** A value as a word in its colour. */
    StateBadge({ state }: { state: number }) {
      const name = nameOf(state);
      return <Badge kind={name === undefined ? 'plain' : words[name][0]}>{wordOf(state)}</Badge>;
    },
  };
}
