/** Next steps, by the words of `/readyz`. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/link token/, 'Give both the same ONEPUSH_LINK_TOKEN, and restart what had the wrong one.'],
  [/link's certificate/, 'docs/operations.md, TLS on the link, has what it must be.'],
  [/no core is attached/, 'Is the core up, and is ONEPUSH_CORE_ADDRS its ONEPUSH_GRPC_LISTEN?'],
];

/** Returns the next step for a process that says of itself that it is not ready. */
export function adviceOf(text: string): string {
  return ADVICE.find(([words]) => words.test(text))?.[1] ?? 'Its log says more.';
}
