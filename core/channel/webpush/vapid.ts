import webPush from 'web-push';

/** Hours for which a header is used again: signing costs three times the encryption. */
const REUSE_HOURS = 12;
/** Hours after which a header is no longer valid: services take at most 24. */
const VALID_HOURS = 13;
/** Maximum number of origins that are remembered. */
const MAX_ORIGINS = 1000;

const HOUR_MS = 3_600_000;

/** The key pair by which push services know who sends. */
export interface VapidKeys {
  /** 65 bytes of a point on P-256, in base64url. */
  readonly publicKey: string;
  /** 32 bytes, in base64url. */
  readonly privateKey: string;
  /** Address at which the service's people reach us. */
  readonly subject: string;
}

/** Returns a function that makes `Authorization` for a push service's origin (RFC 8292), at most twice a day. */
export function createVapidSigner({ subject, publicKey, privateKey }: VapidKeys): (origin: string) => string {
  const known = new Map<string, { header: string; until: number }>();
  return (origin) => {
    const now = Date.now();
    const found = known.get(origin);
    // A clock that was set back would let it end in the future of the service.
    if (found && now < found.until && found.until - now <= REUSE_HOURS * HOUR_MS) return found.header;
    const ends = Math.floor((now + VALID_HOURS * HOUR_MS) / 1000);
    const { Authorization: header } = webPush.getVapidHeaders(
      origin,
      subject,
      publicKey,
      privateKey,
      'aes128gcm',
      ends,
    );
    const [oldest] = known.keys();
    if (oldest !== undefined && known.size >= MAX_ORIGINS) known.delete(oldest);
    known.set(origin, { header, until: now + REUSE_HOURS * HOUR_MS });
    return header;
  };
}
