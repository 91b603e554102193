import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { WebhookAnswer } from '../../../../core/domain/webhook.js';
import { createWebhookSender } from '../../../../core/outbound/webhook-sender.js';
import { localCertificate } from '../../../support/vendors/certificates.js';
import { startVendorServer, type VendorServer } from '../../../support/vendors/server.js';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
let server: VendorServer;
let hits = 0;
beforeAll(async () => {
  server = await startVendorServer({
    handle() {
      hits++;
      return { status: 200 };
    },
  });
});
beforeEach(() => {
  hits = 0;
  server.forget();
});
afterAll(() => server.stop());

async function post(url: string, hosts: readonly string[] = ['localhost']): Promise<WebhookAnswer> {
  const line = createWebhookSender({ hosts, ca: server.ca }).open();
  const answer = await line.post({ url, secrets: [SECRET], id: 'msg_1', body: '{}' });
  line.close();
  return answer;
}

describe('the address of a webhook', () => {
  const { allows } = createWebhookSender({ hosts: ['hooks.internal', '*.corp.example', '10.1.2.3', 'fd00::7'] });

  it.each([
    'https://hooks.example.com/path?tenant=7',
    'https://8.8.8.8:8443/',
    'https://hooks.internal/',
    'https://a.b.corp.example/',
    'https://10.1.2.3/',
    'https://[fd00::7]/',
  ])('may be %s', (url) => expect(allows(url)).toBe(true));

  it.each([
    'http://hooks.example.com/',
    'http://hooks.internal/',
    'https://user:secret@hooks.internal/',
    'https://10.1.2.4/',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://[::1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://[fd00::8]/',
    'https://169.254.169.254/latest/meta-data/',
    'https:/hooks.internal/',
    ' https://hooks.internal/',
    'file:///etc/passwd',
    '',
  ])('may not be %s', (url) => expect(allows(url)).toBe(false));
});

describe('a request to a back end', () => {
  it('reaches no private address behind a name that the operator has not named', async () => {
    const before = server.connections;
    expect(await post(`${server.url}/`, [])).toEqual({ kind: 'failed', reason: 'ENOTPUBLIC' });
    expect(await post(`https://127.0.0.1:${new URL(server.url).port}/`, [])).toEqual({
      kind: 'failed',
      reason: 'ENOTPUBLIC',
    });
    expect(server.connections).toBe(before);
  });

  it('follows no redirect, to a private address or any other', async () => {
    const location = `${server.url}/elsewhere`;
    server.next({ kind: 'answer', answer: { status: 307, headers: { location, 'retry-after': '7' } } });
    expect(await post(`${server.url}/`)).toEqual({ kind: 'answered', status: 307, retryAfterMs: 7000 });
    expect([server.requests.length, hits]).toEqual([1, 0]);
  });

  it('goes by the status of an answer without an end, and takes no headers without one', async () => {
    server.next({ kind: 'huge' });
    expect(await post(`${server.url}/`)).toMatchObject({ kind: 'answered', status: 200 });
    server.next({ kind: 'answer', answer: { status: 200, headers: { 'x-long': 'x'.repeat(10_000_000) } } });
    expect(await post(`${server.url}/`)).toMatchObject({ kind: 'failed', reason: 'HPE_HEADER_OVERFLOW' });
    server.next({ kind: 'reset' });
    expect(await post(`${server.url}/`)).toEqual({ kind: 'failed', reason: 'ECONNRESET' });
  });

  it.each([
    ['answers that are none yet', 'HTTP/1.1 102 Processing\r\n\r\n'],
    ['empty lines', '\r\n'],
  ])('reads no endless %s', async (_, text) => {
    const flood = createServer(await localCertificate(), (socket) => {
      const lines = Buffer.from(text.repeat(500));
      const pour = (): void => {
        while (!socket.destroyed && socket.write(lines));
      };
      socket.on('error', () => {});
      socket.on('drain', pour).once('data', pour);
    });
    flood.listen(0, '127.0.0.1');
    await once(flood, 'listening');
    // A TCP server's address is not the name of a pipe.
    const { port } = flood.address() as AddressInfo;
    expect(await post(`https://localhost:${port}/`)).toEqual({ kind: 'failed', reason: 'answer_too_long' });
    flood.close();
    await once(flood, 'close');
  });

  it('takes no certificate of another authority', async () => {
    const line = createWebhookSender({ hosts: ['localhost'] }).open();
    const answer = await line.post({ url: server.url, secrets: [SECRET], id: 'msg_1', body: '{}' });
    line.close();
    expect(answer).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/CERT|SIGNATURE|ISSUER/) });
    expect(hits).toBe(0);
  });
});
