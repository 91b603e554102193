/**
 * Bytes that the head of a request may have, however it comes in packets. Each connection may keep so many while its
 * head is not whole, for ten seconds; nginx takes 32 KiB by default, Node.js 16.
 */
export const MAX_HEAD_BYTES = 16 * 1024;

// uWebSockets reads it once, when it is loaded: so it is loaded after this, and only here.
process.env.UWS_HTTP_MAX_HEADERS_SIZE = String(MAX_HEAD_BYTES);
const { default: uWS } = await import('uWebSockets.js');

export { uWS };
