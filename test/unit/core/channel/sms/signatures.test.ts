import { describe, expect, it } from 'vitest';
import { signAliyun } from '../../../../../core/channel/sms/aliyun-signature.js';
import { signTencent } from '../../../../../core/channel/sms/tencent-signature.js';

describe('the signature of Aliyun', () => {
  it("is that of the example in Aliyun's documents", () => {
    const { query, headers } = signAliyun(
      {
        host: 'ecs.cn-shanghai.aliyuncs.com',
        action: 'RunInstances',
        version: '2014-05-26',
        parameters: { RegionId: 'cn-shanghai', ImageId: 'win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd' },
      },
      { accessKeyId: 'YourAccessKeyId', accessKeySecret: 'YourAccessKeySecret' },
      '3156853299f313e23d1673dc12e1703d',
      new Date('2023-10-26T10:22:32.789Z'),
    );
    expect(query).toBe('ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai');
    expect(headers.authorization).toBe(
      'ACS3-HMAC-SHA256 Credential=YourAccessKeyId,' +
        'SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,' +
        'Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0',
    );
  });

  it('encodes what RFC 3986 does not leave as it is, and no half of a character', () => {
    const request = { host: 'h', action: 'a', version: 'v', parameters: { 'b*': "(!')~-_. +/é", a: '\ud800' } };
    const { query } = signAliyun(request, { accessKeyId: 'k', accessKeySecret: 's' }, 'n');
    expect(query).toBe('a=%EF%BF%BD&b%2A=%28%21%27%29~-_.%20%2B%2F%C3%A9');
  });
});

describe('the signature of Tencent Cloud', () => {
  it("is that of the example in Tencent's documents", () => {
    const headers = signTencent(
      {
        host: 'cvm.tencentcloudapi.com',
        service: 'cvm',
        body: String.raw`{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}`,
      },
      // Its last characters are starred out in the documents, and the signature is of them so.
      { secretId: 'AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******', secretKey: 'Gu5t9xGARNpq86cd98joQYCN3*******' },
      new Date(1_551_113_065_000),
    );
    expect(headers['x-tc-timestamp']).toBe('1551113065');
    expect(headers.authorization).toBe(
      'TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******/2019-02-25/cvm/tc3_request, ' +
        'SignedHeaders=content-type;host, ' +
        'Signature=2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c',
    );
  });
});
