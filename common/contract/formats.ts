import { FormatRegistry } from '@sinclair/typebox';

/**
 * Gives a format of text its check. The registry is the whole process's: a name that two parts choose would be a rule
 * of the one in the fields of the other.
 *
 * @throws Error where the name is taken
 */
export function defineFormat(name: string, fits: (text: string) => boolean): void {
  if (FormatRegistry.Has(name)) throw new Error(`there are two formats ${name}`);
  FormatRegistry.Set(name, fits);
}
