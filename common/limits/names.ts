/** Limits of one address, or of one device, which an edge holds. docs/operations.md has a table of all limits. */
export const ADDRESS_LIMITS = [
  'address.registrations',
  'address.unknownIds',
  'address.sessions',
  'device.history',
] as const;

/** A limit of one address. */
export type AddressLimit = (typeof ADDRESS_LIMITS)[number];

/** Things that an app may do so often a second. */
export const APP_RATES = ['registrations', 'sends', 'deliveries'] as const;
/** Streams that an app may have open. */
export const APP_STREAMS = ['sendStreams', 'receiptStreams'] as const;
/** Limits of one app, which the core holds. Errors and metrics name them as `app.sends`. */
export const APP_LIMITS = [...APP_RATES, ...APP_STREAMS, 'devices', 'tags', 'openJobs'] as const;

/** A rate of an app. */
export type AppRate = (typeof APP_RATES)[number];
/** A kind of streams. */
export type AppStream = (typeof APP_STREAMS)[number];
/** A limit of an app. */
export type AppLimitName = (typeof APP_LIMITS)[number];

/** Values of all limits of an app; 0: there is none. */
export type AppLimitValues = Readonly<Record<AppLimitName, number>>;
/** Values that an app has of its own; the others are those of the settings. */
export type OwnLimits = Readonly<Partial<Record<AppLimitName, number>>>;
