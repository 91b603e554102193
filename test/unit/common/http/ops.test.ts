import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOpsServer, type OpsServer } from '../../../../common/http/ops.js';
import { rawRequest } from '../../../support/raw-request.js';

const GET = 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n';

describe('the ops port', () => {
  let server: OpsServer;
  let url: string;
  let pages = 0;
  beforeAll(async () => {
    server = createOpsServer({
      metrics: async () => `page ${++pages}\n`,
      checkReadiness: async () => 'the store is away',
      log: pino({ level: 'silent' }),
    });
    url = `http://${await server.listen({ host: '127.0.0.1', port: 0 })}`;
  });
  afterAll(() => server.stop());

  it('serves metrics and health, keeps connections, and knows HEAD', async () => {
    const page = await rawRequest(url, GET);
    expect([page.status, page.closed]).toEqual([200, false]);
    expect(page.text).toMatch(/\r\n\r\npage \d+\n$/);
    expect((await fetch(`${url}/healthz?x=y`)).status).toBe(200);
    expect(await (await fetch(`${url}/readyz`)).text()).toBe('the store is away\n');
    expect((await fetch(`${url}/`)).status).toBe(404);
    const head = await fetch(`${url}/healthz`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '3', '']);
    expect((await rawRequest(url, GET.replace('1.1', '1.0'))).text).toContain('connection: close');
  });

  it('makes one page for all who ask at once, always a new one', async () => {
    const before = pages;
    const begun = performance.now();
    const answers = await Promise.all(Array.from({ length: 20 }, async () => (await fetch(`${url}/metrics`)).text()));
    expect(pages).toBeGreaterThan(before);
    // One for those who come while another is being made; on a machine that is slow, one more for each 200 ms.
    expect(pages - before).toBeLessThanOrEqual(2 + (performance.now() - begun) / 200);
    for (const text of answers) expect(Number(/\d+/.exec(text)?.[0])).toBeGreaterThan(before);
  });

  it('cuts off who sends requests before the answer, or no request', async () => {
    const before = pages;
    for (const bytes of [GET.repeat(3000), `${GET}x`, 'x'.repeat(10_000)]) {
      expect(await rawRequest(url, bytes)).toEqual({ text: '', status: undefined, closed: true });
    }
    expect(pages).toBe(before);
    for (const [line, status] of [
      ['POST /metrics HTTP/1.1', 405],
      ['hello', 400],
      ['GET http://x/ HTTP/1.1', 400],
    ] as const) {
      expect((await rawRequest(url, `${line}\r\nHost: x\r\n\r\n`)).status).toBe(status);
    }
  });
});
