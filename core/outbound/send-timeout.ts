/** Time within which a request must have been answered, in milliseconds. */
export const SEND_TIMEOUT_MS = 10_000;
