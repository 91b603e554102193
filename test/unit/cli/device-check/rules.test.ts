import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatReport, tally } from '../../../../cli/device-check/report.js';
import { RULES } from '../../../../cli/device-check/rules.js';
import { createShownLog } from '../../../../cli/device-check/shown.js';
import { createVerdicts } from '../../../../cli/device-check/verdicts.js';
import { ROOT } from '../../../support/dist.js';

describe('the rules of the device check', () => {
  it('are those of docs/devices.md, in its order', () => {
    const page = readFileSync(join(ROOT, 'docs/devices.md'), 'utf8');
    expect([...page.matchAll(/^(?:- |\| )\*\*([A-Z]\d)\*\*/gm)].map(([, rule]) => rule)).toEqual(Object.keys(RULES));
  });
});

describe('verdicts', () => {
  it('are kept, broken or unknown; one fault breaks a rule for good', () => {
    const verdicts = createVerdicts();
    verdicts.judge('R1', true, '');
    verdicts.judge('F3', false, 'did one thing');
    verdicts.judge('F3', true, '');
    for (const fault of ['did one thing', 'did a second', 'did a third', 'did a fourth'])
      verdicts.judge('F3', false, fault);
    const results = verdicts.results();
    const of = (wanted: string) => results.find(({ rule }) => rule === wanted);
    expect(of('R1')).toMatchObject({ verdict: 'kept', faults: [] });
    expect(of('F3')).toMatchObject({ verdict: 'broken', faults: ['did one thing', 'did a second', 'did a third'] });
    expect(of('F4')).toMatchObject({ verdict: 'unknown' });
    expect(formatReport(results)).toContain('BROKEN F3  MUST   shows messages in the order in which they came\n');
    expect(formatReport(results)).toContain('it did a second\n');
  });

  it('pass a check if no rule of MUST is broken, and something was seen', () => {
    const verdicts = createVerdicts();
    expect(tally(verdicts.results())).toMatchObject({ passed: false, kept: 0 });
    verdicts.judge('R1', true, '');
    verdicts.judge('C2', false, 'a rule of SHOULD');
    expect(tally(verdicts.results())).toMatchObject({ passed: true, kept: 1, broken: 1 });
    verdicts.judge('R2', false, 'a rule of MUST');
    expect(tally(verdicts.results()).passed).toBe(false);
  });
});

describe('what an implementation says that it has shown', () => {
  it.each([
    ['7', { id: '7', alert: undefined, extra: undefined }],
    ['7 Hello,  world', { id: '7', alert: 'Hello,  world', extra: undefined }],
    ['{"id":"7","alert":"a"}\r', { id: '7', alert: 'a', extra: undefined }],
    ['{"id":"7","extra":[1.0]}', { id: '7', alert: undefined, extra: '{"id":"7","extra":[1.0]}' }],
  ])('is the line %j', async (line, shown) => {
    const log = createShownLog();
    log.write(`${line.slice(0, 1)}`);
    log.write(`${line.slice(1)}\n`);
    expect(await log.wait('7', 0)).toEqual(shown);
  });

  it('is not any other line', () => {
    const log = createShownLog();
    log.write('connected\n{"id":7}\n{"alert":"x"}\n{not json\n7x\n\n');
    expect(log.order(['7', '7x'])).toEqual([]);
  });

  it('is counted, in the order of the lines', async () => {
    const log = createShownLog();
    log.write('2 b\n1 a\n2 b\n3 c\n');
    expect([log.count('2'), log.count('4'), log.order(['1', '2'])]).toEqual([2, 0, ['2', '1', '2']]);
  });
});
