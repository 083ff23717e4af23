// UPDATE_GOLDENS=1 writes the schema anew.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { gatewayJsonSchema } from '../../../src/config/json-schema.ts';

const FILE = path.join(import.meta.dirname, '../../../schema/gateway.schema.json');

const HEAD = { version: 'v1', gateway: 'edge' };
const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(gatewayJsonSchema());

describe('gatewayJsonSchema', () => {
  it('is what schema/gateway.schema.json holds', () => {
    const text = `${JSON.stringify(gatewayJsonSchema(), undefined, 2)}\n`;
    if (process.env['UPDATE_GOLDENS'] === '1') writeFileSync(FILE, text);
    expect(readFileSync(FILE, 'utf8')).toBe(text);
  });

  it.each([
    ['the least', HEAD],
    [
      'references in place of numbers, words and durations',
      { ...HEAD, defaults: { timeout: '${env:T:-3s}' }, listeners: { a: { port: '${env:PORT}' } } },
    ],
    [
      'short forms',
      { ...HEAD, services: { s: { endpoints: ['s:80'], loadBalancer: 'maglev' } }, routes: [{ name: 'r', backends: ['s'] }] },
    ],
    ['JSON bodies', { ...HEAD, routes: [{ name: 'r', respond: { status: 200, body: { json: [1, { a: null }] } } }] }],
  ])('takes %s', (_what, value) => {
    validate(value);
    expect(validate.errors ?? []).toEqual([]);
  });

  it.each([
    ['an unknown key', { ...HEAD, hosts: [] }],
    ['a missing version', { gateway: 'edge' }],
    ['a duration without a unit', { ...HEAD, defaults: { timeout: '3' } }],
    ['a number for a duration', { ...HEAD, defaults: { timeout: 3 } }],
    ['a port out of range', { ...HEAD, listeners: { a: { port: 70_000 } } }],
    ['a name with a space', { ...HEAD, services: { 'a b': { endpoints: [] } } }],
    ['a reference as a name', { ...HEAD, services: { '${env:A}': { endpoints: [] } } }],
    ['an unknown word', { ...HEAD, services: { s: { endpoints: [], protocol: 'h3' } } }],
  ])('refuses %s', (_what, value) => {
    expect(validate(value)).toBe(false);
  });

  it('describes every key, for editors', () => {
    const bare: string[] = [];
    visit(gatewayJsonSchema(), 'gateway', bare);
    expect(bare).toEqual([]);
  });
});

function visit(schema: unknown, at: string, bare: string[]): void {
  if (typeof schema !== 'object' || schema === null) return;
  if ('properties' in schema && typeof schema.properties === 'object' && schema.properties !== null) {
    for (const [key, value] of Object.entries(schema.properties)) {
      if (typeof value !== 'object' || value === null || (!('description' in value) && !('$ref' in value))) bare.push(`${at}.${key}`);
    }
  }
  for (const [key, value] of Object.entries(schema)) visit(value, `${at}.${key}`, bare);
}
