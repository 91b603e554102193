const DEVICE_ID = /^[0-9a-f]{32}$/;
/** Prefix of the subprotocol that has the id: a page can give its WebSocket no header. */
const ID_PROTOCOL = 'onepush.device.';

/** Reads the id that register gave; in any case. Undefined: it cannot be one. */
export function parseDeviceId(text: string): string | undefined {
  const id = text.toLowerCase();
  return DEVICE_ID.test(id) ? id : undefined;
}

/** Returns what stands behind `Bearer`; "" where nothing does. */
export function bearerOf(authorization: string): string {
  return /^bearer\s+(\S+)$/i.exec(authorization)?.[1] ?? '';
}

/** Splits the header Sec-WebSocket-Protocol. */
export function protocolsOf(header: string): string[] {
  return header.split(',').map((name) => name.trim());
}

/**
 * Finds the id that a WebSocket comes with: in its header Authorization, else in a subprotocol, else in its query,
 * which proxies write into their logs. Undefined: it has none, or a malformed one.
 */
export function findDeviceId(given: {
  authorization: string;
  protocols: readonly string[];
  query: string | undefined;
}): string | undefined {
  const { authorization, protocols, query } = given;
  const protocol = protocols.find((name) => name.startsWith(ID_PROTOCOL));
  return parseDeviceId(bearerOf(authorization) || (protocol?.slice(ID_PROTOCOL.length) ?? query ?? ''));
}
