import { readFileSync } from 'node:fs';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { describe, expect, it } from 'vitest';
import { createOpenApi } from '../../../../edge/http/openapi/document.js';

const document = createOpenApi();

describe('the OpenAPI document', () => {
  it('is as Redocly recommends', async () => {
    const config = await createConfig({ extends: ['recommended-strict'] });
    const problems = await lintFromString({ source: JSON.stringify(document), config });
    expect(problems.map(({ ruleId, message }) => `${ruleId}: ${message}`)).toEqual([]);
  });

  it('has every path of the routes but files and probes, and no other', () => {
    const routes = readFileSync('edge/http/routes.ts', 'utf8');
    const table = routes.slice(
      routes.indexOf('const routes'),
      routes.indexOf('\n  };', routes.indexOf('const routes')),
    );
    const served = [...table.matchAll(/'(\/(?:msgpush|apps)[^']*)'/g)].map(([, path = '']) =>
      path.replaceAll(/:(\w+)/g, '{$1}'),
    );
    expect(served.length).toBeGreaterThan(5);
    expect(Object.keys(document.paths as object).toSorted()).toEqual(served.toSorted());
  });
});
