/** Privileges that a core needs on its database. */
const NEEDED = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'ALTER', 'DROP', 'INDEX'];

/**
 * Returns the privileges that a user lacks on a database, from the lines of SHOW GRANTS; undefined where roles may give
 * them.
 */
export function findMissingPrivileges(grants: readonly string[], database: string): string[] | undefined {
  const held = new Set<string>();
  let hasRoles = false;
  for (const grant of grants) {
    const [, privileges, place] = /^GRANT (.+?) ON (?:TABLE )?(\S+) TO /i.exec(grant) ?? [];
    if (privileges === undefined || place === undefined) hasRoles ||= /^GRANT .+ TO /i.test(grant);
    else if (covers(place, database)) {
      for (const privilege of privileges.split(',')) held.add(privilege.trim().toUpperCase());
    }
  }
  if (held.has('ALL PRIVILEGES') || held.has('ALL')) return [];
  const missing = NEEDED.filter((privilege) => !held.has(privilege));
  return missing.length > 0 && hasRoles ? undefined : missing;
}

/** Returns true if a line of SHOW GRANTS lets a user write to a server that is read-only. */
export function writesAnyway(grant: string): boolean {
  return /^GRANT (?:.*\b(?:SUPER|READ[_ ]ONLY ADMIN|CONNECTION_ADMIN)\b.*|ALL PRIVILEGES) ON \*\.\* TO /i.test(grant);
}

/** Returns true if a place such as `*.*` or `` `onepush`.* `` is all of the database; `_` and `%` are patterns. */
function covers(place: string, database: string): boolean {
  if (place === '*.*') return true;
  const [, name] = /^`?(.+?)`?\.\*$/.exec(place) ?? [];
  if (name === undefined) return false;
  const pattern = name.replaceAll(/\\([_%])|([_%])|([^\w])/g, (_, literal, wild, other) => {
    if (literal !== undefined) return literal;
    if (wild !== undefined) return wild === '%' ? '.*' : '.';
    return `\\${other}`;
  });
  return new RegExp(`^${pattern}$`).test(database);
}
