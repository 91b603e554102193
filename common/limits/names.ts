/**
 * Names of all limits, in errors, metrics and GetUsage: of whom, and of what. docs/operations.md has a table of them.
 */
export const ADDRESS_LIMITS = ['address.registrations', 'address.unknownIds', 'address.sessions'] as const;

/** A limit of one address, which an edge holds. */
export type AddressLimit = (typeof ADDRESS_LIMITS)[number];
