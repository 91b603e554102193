/** A rule's weight, as in RFC 2119. */
export type Level = 'MUST' | 'SHOULD';

/** The rules of docs/devices.md that the check looks at, in the order of the page, each in a few words. */
export const RULES = {
  R1: ['MUST', 'has a native token of 128 random bits, and keeps it'],
  R2: ['MUST', 'registers with the documented JSON'],
  R3: ['MUST', 'keeps the device id, and registers again only when it has to'],
  R4: ['MUST', 'repeats a registration that was answered 503, not before Retry-After'],
  R5: ['MUST', 'does not repeat a registration that was refused'],
  C1: ['MUST', 'connects with the device id in the header or the subprotocol'],
  C2: ['SHOULD', 'keeps the device id out of the address'],
  C3: ['MUST', 'has one connection at a time'],
  C4: ['SHOULD', 'gives up an attempt that does not open'],
  C5: ['MUST', 'tries again after a handshake that was refused'],
  P1: ['MUST', 'answers pings with their payload, in order'],
  H1: ['MUST', 'sends HBT when nothing has come for long'],
  H2: ['MUST', 'drops a connection that does not answer'],
  F1: ['MUST', 'ignores fields that it does not know'],
  F2: ['MUST', 'ignores frames that it does not know'],
  F3: ['MUST', 'shows messages in the order in which they came'],
  F4: ['MUST', 'takes large and fragmented messages'],
  F5: ['MUST', 'shows the text as it was sent'],
  F6: ['SHOULD', 'keeps the digits of the numbers in extra'],
  F7: ['MUST', 'shows nothing of a message that came in part, and all of it when it comes whole'],
  F8: ['MUST', 'sends nothing but short text frames HBT and CFM:<id>'],
  K1: ['MUST', 'confirms messages with needConfirm'],
  K2: ['SHOULD', 'confirms no others'],
  K3: ['MUST', 'confirms again what comes again'],
  D1: ['MUST', 'does not show a message twice on a connection'],
  D2: ['MUST', 'does not show a message again after a reconnect'],
  D3: ['MUST', 'does not show a message again after a restart'],
  D4: ['SHOULD', 'remembers 1,000 ids'],
  X1: ['MUST', 'reconnects after 1001 and 1012, not before the time in the reason'],
  X2: ['MUST', 'registers again after 4404 and 4411, and uses the new id'],
  X3: ['MUST', 'waits for a minute or more after 4403 and 4429'],
  X4: ['MUST', 'stops after 4409'],
  X5: ['MUST', 'does not use a device id again after 4410'],
  X6: ['MUST', 'stops after 4400 and other 44xx'],
  X7: ['MUST', 'reconnects after any other close, and after a cut'],
  B1: ['MUST', 'waits longer with each failure, up to 30 seconds'],
  B2: ['MUST', 'waits for random times'],
  B3: ['SHOULD', 'starts from short times when a connection has held'],
} as const satisfies Record<string, readonly [Level, string]>;

/** The number of a rule. */
export type Rule = keyof typeof RULES;
