import type { TObject } from '@sinclair/typebox';
import { isJsonObject } from '../../common/json/json.js';
import { isNested } from './coerce.js';
import { createSimilarNames, type SimilarName } from './similar-names.js';

/** A JSON object, by the names of its members. */
type Members = Readonly<Record<string, unknown>>;

/** The members of an object that a schema documents, and of the objects within it. */
export interface DocumentedMembers {
  /** Returns the same without those members of documented objects that are null: they count as absent. */
  present(value: Members): Members;
  /** Finds members that are nearly documented ones; those of an object within are called `object.member`. */
  findSimilar(value: Members): SimilarName[];
}

/**
 * @param schema of the object
 * @param others names that are not documented for what documented members mean
 */
export function createMembers(schema: TObject, others?: Readonly<Record<string, string>>): DocumentedMembers {
  const findOwn = createSimilarNames(Object.keys(schema.properties), others);
  const nested = Object.entries(schema.properties).flatMap(([name, field]) =>
    isNested(field) ? [{ name, members: createMembers(field) }] : [],
  );

  return {
    present(value) {
      const found: Record<string, unknown> = {};
      let any = false;
      for (const { name, members } of nested) {
        const inner = value[name];
        if (!isJsonObject(inner)) continue;
        any = true;
        const given = Object.entries(inner).filter(([, member]) => member !== null);
        found[name] = members.present(Object.fromEntries(given));
      }
      return any ? { ...value, ...found } : value;
    },

    findSimilar(value) {
      const found = findOwn(value);
      for (const { name, members } of nested) {
        const inner = value[name];
        if (!isJsonObject(inner)) continue;
        for (const one of members.findSimilar(inner))
          found.push({ name: `${name}.${one.name}`, meant: `${name}.${one.meant}` });
      }
      return found;
    },
  };
}
