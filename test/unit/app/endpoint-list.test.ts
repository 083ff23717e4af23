import { describe, expect, test } from 'vitest';
import { parseEndpointText } from '../../../src/app/endpoint-list.ts';

const addresses = (text: string): unknown => {
  const parsed = parseEndpointText(text);
  return parsed.ok ? parsed.value.map(({ address }) => (address.kind === 'ip' ? address.ip : address.kind)) : parsed.problem;
};

describe('a list of endpoints from outside', () => {
  test.each([
    ['JSON', '["10.0.0.1:80", {"address": "orders:80", "weight": 2}]', ['10.0.0.1', 'dns']],
    ['a map in JSON', '{"endpoints": ["[::1]:80"]}', ['::1']],
    ['YAML', '- 10.0.0.1:80\n- unix:/run/a.sock\n', ['10.0.0.1', 'unix']],
    ['YAML in flow form', '[10.0.0.1:80]', ['10.0.0.1']],
    ['nothing in a list', '[]', []],
  ])('is read from %s', (_what, text, found) => {
    expect(addresses(text)).toEqual(found);
  });

  test.each([
    ['', 'it is empty; a list without endpoints is []'],
    ['{"endpoints": 7}', 'endpoints: expected a list'],
    ['["a:80", "b"]', 'endpoints.1: "b" is not an address'],
    ['[{"address": "a:80", "wieght": 3}]', 'endpoints.0.wieght'],
    ['[{"address": "10.0.0.1:1", "weight": 4294967295}, "10.0.0.2:1"]', 'the weights of these endpoints add up to'],
    ['- "a', 'it is neither YAML nor JSON'],
    ['- 10.0.0.1:80\n'.repeat(10_000), 'must be written in JSON'],
  ])('that is %j is told what is wrong', (text, problem) => {
    expect(addresses(text)).toContain(problem);
  });
});
