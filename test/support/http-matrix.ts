import { gzipSync } from 'node:zlib';
import { TEST_APP } from './stack.js';

/**
 * What came back: the statuses, and `open` where the connection took another request afterwards, `closed` where the
 * server closed it. `closed` alone: without a word. Two of them with `or`: it depends on what comes first.
 */
export type Outcome = string;

/** One exchange over a connection of its own. */
export interface Row {
  name: string;
  packets: (string | Uint8Array)[];
  direct: Outcome;
  nginx: Outcome;
  /** What the first answer has, both ways. */
  text?: RegExp;
  halfClose?: boolean;
}

const BODY = JSON.stringify({ ...TEST_APP, audiences: ['nobody'], alert: 'a' });
/** A request that is answered 200, without its last line break. */
export const GET = 'GET /healthz HTTP/1.1\r\nHost: x\r\n';
const POST = 'POST /msgpush/send HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
const LENGTH = `Content-Length: ${BODY.length}\r\n`;
const CHUNKED = 'Transfer-Encoding: chunked\r\n';
const ZIPPED = gzipSync(BODY);

const header = (bytes: number): string => `X-Filler: ${'f'.repeat(bytes - 12)}\r\n`;
const headers = (count: number): string => Array.from({ length: count }, (_, n) => `X-N${n}: v\r\n`).join('');
const chunk = (text: string, extension = ''): string => `${text.length.toString(16)}${extension}\r\n${text}\r\n`;
/** A push that is this text, or these bytes. */
function json(body: string | Uint8Array, type = 'application/json'): Uint8Array[] {
  const bytes = Buffer.from(body);
  const head = `POST /msgpush/send HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: ${bytes.length}\r\n\r\n`;
  return [Buffer.concat([Buffer.from(head), bytes])];
}
/** Both ways. */
const same = (outcome: Outcome): Pick<Row, 'direct' | 'nginx'> => ({ direct: outcome, nginx: outcome });
/** Cut into two packets. */
const cut = (text: string, at: number): string[] => [text.slice(0, at), text.slice(at)];

/** What HTTP and JSON may look like, and what becomes of it. docs/operations.md has in words what is not answered. */
export const ROWS: Row[] = [
  { name: 'a push', packets: [`${POST}${LENGTH}\r\n${BODY}`], direct: '200 open', nginx: '200 open' },
  {
    name: 'a body in a packet of its own',
    packets: [`${POST}${LENGTH}\r\n`, BODY],
    direct: '200 open',
    nginx: '200 open',
  },
  {
    name: 'a body in chunks',
    packets: [`${POST}${CHUNKED}\r\n${chunk(BODY)}0\r\n\r\n`],
    direct: '200 closed',
    nginx: '200 open',
  },
  {
    name: 'chunks in packets',
    packets: [`${POST}${CHUNKED}\r\n`, ...cut(chunk(BODY), 9), '0\r\n\r\n'],
    direct: '200 closed',
    nginx: '200 open',
  },
  // Heads.
  { name: 'a head of 7 KB', packets: [`${GET}${header(7000)}\r\n`], direct: '200 open', nginx: '200 open' },
  {
    name: 'a head of 7 KB in two packets',
    packets: cut(`${GET}${header(7000)}\r\n`, 3000),
    direct: '200 open',
    nginx: '200 open',
  },
  {
    name: 'a head of 15 KB in two packets',
    packets: cut(`${GET}${header(7000)}${header(7000)}\r\n`, 9000),
    direct: '200 open',
    nginx: '200 open',
  },
  {
    name: 'a head of 20 KB',
    packets: [`${GET}${header(7000).repeat(3)}\r\n`],
    direct: '431 closed',
    nginx: '431 open',
    text: /"code":43101/,
  },
  {
    name: 'a head of 20 KB in two packets',
    packets: cut(`${GET}${header(7000).repeat(3)}\r\n`, 9000),
    direct: '431 closed',
    nginx: '431 open',
  },
  { name: 'a request line in two packets', packets: cut(`${GET}\r\n`, 9), direct: '505 closed', nginx: '200 open' },
  { name: 'header by header', packets: [GET, 'X-A: b\r\n', '\r\n'], direct: '200 open', nginx: '200 open' },
  { name: '90 headers', packets: [`${GET}${headers(90)}\r\n`], direct: '200 open', nginx: '200 open' },
  {
    name: 'usual names of headers',
    packets: [`${GET}X-B3-TraceId: 1\r\nsec-ch-ua: "x"\r\nETag: y\r\n\r\n`],
    direct: '200 open',
    nginx: '200 open',
  },
  {
    name: 'bytes beyond ASCII in a header',
    packets: [`${GET}X-A: caf\xe9\r\n\r\n`],
    direct: '200 open',
    nginx: '200 open',
  },
  { name: 'no Host', packets: ['GET /healthz HTTP/1.1\r\nX-A: b\r\n\r\n'], direct: '400 closed', nginx: '400 closed' },
  // In silence until the time is up.
  { name: '150 headers', packets: [`${GET}${headers(150)}\r\n`], direct: 'closed', nginx: '502 open or 504 open' },
  { name: 'no header at all', packets: ['GET /healthz HTTP/1.1\r\n\r\n'], direct: 'closed', nginx: '400 closed' },
  { name: 'a folded line', packets: [`${GET}X-A: b\r\n c\r\n\r\n`], direct: 'closed', nginx: '400 closed' },
  { name: 'a blank before the colon', packets: [`${GET}X-A : b\r\n\r\n`], direct: 'closed', nginx: '400 closed' },
  { name: 'a name with an underscore', packets: [`${GET}X_Under: b\r\n\r\n`], direct: 'closed', nginx: '200 open' },
  { name: 'a name with a dot', packets: [`${GET}X.Score!: b\r\n\r\n`], direct: 'closed', nginx: '200 open' },
  // What is asked before the body is sent.
  {
    name: 'Expect',
    packets: [`${POST}${LENGTH}Expect: 100-continue\r\n\r\n`, BODY],
    direct: '200 open',
    nginx: '200 open',
    text: /^HTTP\/1\.1 100 /,
  },
  {
    name: 'Expect as Java spells it',
    packets: [`${POST}${LENGTH}Expect: 100-Continue\r\n\r\n`, BODY],
    direct: '200 open',
    nginx: '200 open',
    text: /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/,
  },
  {
    name: 'the same with a wrong body',
    packets: [`${POST}Content-Length: 2\r\nExpect: 100-Continue\r\n\r\n`, '[]'],
    direct: '400 open',
    nginx: '400 open',
    text: /\r\n\r\nHTTP\/1\.1 400 .*"code":40003/s,
  },
  // Bodies.
  {
    name: 'a compressed body',
    packets: [
      Buffer.concat([Buffer.from(`${POST}Content-Encoding: gzip\r\nContent-Length: ${ZIPPED.length}\r\n\r\n`), ZIPPED]),
    ],
    direct: '415 open',
    nginx: '415 open',
    text: /"code":41502,.*Content-Encoding/,
  },
  {
    name: 'Content-Encoding: identity',
    packets: [`${POST}Content-Encoding: identity\r\n${LENGTH}\r\n${BODY}`],
    direct: '200 open',
    nginx: '200 open',
  },
  {
    name: 'a chunk extension',
    packets: [`${POST}${CHUNKED}\r\n${chunk(BODY, ';name=v')}0\r\n\r\n`],
    direct: '400 closed',
    nginx: '200 open',
  },
  {
    name: 'a trailer',
    packets: [`${POST}${CHUNKED}\r\n${chunk(BODY)}0\r\nX-T: 1\r\n\r\n`],
    direct: '505 closed',
    nginx: '200 open',
  },
  // Where a second request could hide.
  {
    name: 'a request in a trailer',
    packets: [`${POST}${CHUNKED}\r\n${chunk(BODY)}0\r\n`, `ab${GET}\r\n`],
    direct: '200 closed or closed',
    nginx: '200 open',
  },
  {
    name: 'a request behind two lengths',
    packets: [`${POST}Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}`, `${GET}\r\n`],
    direct: '400 closed',
    nginx: '400 closed',
  },
  {
    name: 'a request behind a length and chunks',
    packets: [`${POST}Content-Length: 2\r\n${CHUNKED}\r\n0\r\n\r\n`, `${GET}\r\n`],
    direct: '400 closed',
    nginx: '400 closed',
  },
  {
    name: 'a length with a sign',
    packets: [`${POST}Content-Length: +${BODY.length}\r\n\r\n${BODY}`],
    direct: '400 closed',
    nginx: '400 closed',
  },
  {
    name: 'two pushes at once',
    packets: [`${POST}${LENGTH}\r\n${BODY}`.repeat(2)],
    direct: 'closed',
    nginx: '200 200 open',
  },
  // Ways to ask.
  {
    name: 'an absolute target',
    packets: ['GET http://x/healthz HTTP/1.1\r\nHost: x\r\n\r\n'],
    direct: '505 closed',
    nginx: '200 open',
  },
  {
    name: 'HTTP/1.0',
    packets: ['GET /healthz HTTP/1.0\r\nHost: x\r\n\r\n'],
    direct: '505 closed',
    nginx: '200 closed',
  },
  { name: 'line feeds only', packets: ['GET /healthz HTTP/1.1\nHost: x\n\n'], direct: '505 closed', nginx: '200 open' },
  {
    name: 'Connection: close',
    packets: [`${GET}Connection: close\r\n\r\n`],
    direct: '200 closed',
    nginx: '200 closed',
  },
  { name: 'half a connection', packets: [`${GET}\r\n`], halfClose: true, direct: '200 closed', nginx: '200 closed' },
  {
    name: 'an unknown path',
    packets: ['GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n'],
    direct: '404 open',
    nginx: '404 open',
    text: /"code":40401/,
  },
  {
    name: 'a wrong method',
    packets: ['PUT /msgpush/send HTTP/1.1\r\nHost: x\r\n\r\n'],
    direct: '405 open',
    nginx: '405 open',
    text: /\r\nAllow: POST\r\n.*"code":40501/s,
  },
  {
    name: 'another type',
    packets: [`POST /msgpush/send HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\n${LENGTH}\r\n${BODY}`],
    direct: '415 open',
    nginx: '415 open',
    text: /"code":41501/,
  },
  {
    name: 'OPTIONS',
    packets: ['OPTIONS /msgpush/send HTTP/1.1\r\nHost: x\r\n\r\n'],
    ...same('405 open'),
    text: /\r\nAllow: POST\r\n/,
  },
  // JSON.
  { name: 'no body', packets: json(''), ...same('400 open'), text: /"code":40002/ },
  { name: 'half a body', packets: json(BODY.slice(0, -1)), ...same('400 open'), text: /"code":40002/ },
  { name: 'two bodies in one', packets: json(BODY + BODY), ...same('400 open'), text: /"code":40002/ },
  { name: 'a list', packets: json(`[${BODY}]`), ...same('400 open'), text: /"code":40003/ },
  { name: 'null', packets: json('null'), ...same('400 open'), text: /"code":40003/ },
  { name: 'a text', packets: json('"push"'), ...same('400 open'), text: /"code":40003/ },
  { name: 'a comma too many', packets: json(BODY.replace('}', ',}')), ...same('400 open'), text: /"code":40002/ },
  {
    name: 'a word that JSON has not',
    packets: json(BODY.replace('}', ',"badge":NaN}')),
    ...same('400 open'),
    text: /"code":40002/,
  },
  {
    name: 'bytes that are no UTF-8',
    packets: json(Buffer.from(BODY.replace('"a"', '"\xcd\xf5"'), 'latin1')),
    ...same('400 open'),
    text: /"code":40002/,
  },
  { name: 'UTF-16', packets: json(Buffer.from(BODY, 'utf16le')), ...same('400 open'), text: /"code":40002/ },
  {
    name: 'an unknown member',
    packets: json(BODY.replace('}', ',"constructor":{"prototype":1}}')),
    ...same('200 open'),
  },
  { name: 'a member twice', packets: json(BODY.replace('}', ',"alert":"b"}')), ...same('200 open') },
  { name: 'white space around it', packets: json(`\r\n\t ${BODY} \n`), ...same('200 open') },
  { name: 'parameters of the type', packets: json(BODY, 'application/json; charset=GBK'), ...same('200 open') },
  {
    name: 'a form',
    packets: json(BODY, 'application/x-www-form-urlencoded'),
    ...same('415 open'),
    text: /"code":41501/,
  },
  {
    name: 'a required member too few',
    packets: json(BODY.replace('"alert"', '"alarm"')),
    ...same('400 open'),
    text: /"code":40001,.*alert/,
  },
  { name: 'a wrong key', packets: json(BODY.replace('dkdka', 'x')), ...same('401 open'), text: /"code":40101/ },
  { name: 'a body over the limit', packets: json(BODY.padEnd(65_537)), ...same('413 open'), text: /"code":41301/ },
];
