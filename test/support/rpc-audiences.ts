/** Audiences as the requests of PushCore have them. */

/** All devices of these users. */
export function aliases(...values: string[]) {
  return { audience: { case: 'aliases' as const, value: { values } } };
}

/** All devices with this tag: a topic. */
export function tag(name: string) {
  return { audience: { case: 'tags' as const, value: { values: [name] } } };
}

/** The same devices, where it is not a topic. */
export function tree(name: string) {
  const others = { audience: { case: 'not' as const, value: aliases('nobody') } };
  return { audience: { case: 'allOf' as const, value: { audiences: [tag(name), others] } } };
}
