// docs/configuration.md holds every key, and its samples are configurations.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { gatewayJsonSchema } from '../../../src/config/json-schema.ts';
import { corsSchema } from '../../../src/config/schema/cors.ts';
import { endpointSchema } from '../../../src/config/schema/endpoint.ts';
import { faultSchema } from '../../../src/config/schema/fault.ts';
import { matchSchema } from '../../../src/config/schema/match.ts';
import { runtimeSchema } from '../../../src/config/schema/runtime.ts';
import { serviceSchema } from '../../../src/config/schema/service.ts';
import { createResolver } from '../../../src/model/resolve.ts';
import { loaderOf } from './support.ts';

const TEXT = readFileSync(path.join(import.meta.dirname, '../../../docs/configuration.md'), 'utf8');
const samples = [...TEXT.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, sample = '']) => sample);

function keysIn(schema: unknown): readonly string[] {
  if (Array.isArray(schema)) return schema.flatMap(keysIn);
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties } = schema as { properties?: object };
  return [...Object.keys(properties ?? {}), ...Object.values(schema).flatMap(keysIn)];
}

describe('docs/configuration.md', () => {
  it('has every key of the language', () => {
    const code = [...TEXT.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/`([^`]+)`/g)].map(([, inline]) => inline).join('\n');
    const missing = [...new Set(keysIn(gatewayJsonSchema()))].filter((key) => !new RegExp(`\\b${key}\\b`).test(code));
    expect(missing).toEqual([]);
  });

  it('begins with a configuration without mistakes', async () => {
    const { issues, config } = await loaderOf({
      'gateway.yaml': samples[0] ?? '',
      'teams/a.yaml': '',
      'certs/shop.crt': '-----BEGIN',
      'certs/shop.key': '-----BEGIN',
    }).load();
    expect(issues).toEqual([]);
    expect(config?.routes).toHaveLength(3);
  });

  it('shows who may call in a configuration without mistakes', async () => {
    const [, , , , , , auth = ''] = samples;
    const { issues, config } = await loaderOf({ 'gateway.yaml': auth }).load();
    expect(issues).toEqual([]);
    expect(config === undefined ? ['no config'] : createResolver().resolve(config, { nowMs: Date.UTC(2026, 10, 22) }).issues).toEqual([]);
  });

  it('shows limits in a configuration without mistakes', async () => {
    const limits = samples.find((sample) => sample.includes('rateLimits:')) ?? '';
    const { issues, config } = await loaderOf({ 'gateway.yaml': limits }).load();
    expect(issues).toEqual([]);
    expect(config === undefined ? ['no config'] : createResolver().resolve(config, { nowMs: Date.UTC(2026, 10, 22) }).issues).toEqual([]);
  });

  it('shows endpoints, discovery, matches, CORS, faults and runtime values as they are', () => {
    const [, endpoints, discovery, matches, cors, fault, auth, limits, runtime, ...others] = samples;
    expect(others).toEqual([]);
    expect(auth).toContain('jwt:');
    expect(limits).toContain('rateLimits:');
    for (const endpoint of parse(endpoints ?? '').endpoints) expect(endpointSchema.safeParse(endpoint).success).toBe(true);
    for (const service of Object.values(parse(discovery ?? '').services)) expect(serviceSchema.safeParse(service).success).toBe(true);
    for (const match of parse(matches ?? '').matches) expect(matchSchema.safeParse(match).success).toBe(true);
    expect(corsSchema.safeParse(parse(cors ?? '').cors).success).toBe(true);
    expect(faultSchema.safeParse(parse(fault ?? '').fault).success).toBe(true);
    expect(runtimeSchema.safeParse(parse(runtime ?? '').runtime).success).toBe(true);
  });

  it('has a heading for every link into it', () => {
    const headings = new Set([...TEXT.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading.toLowerCase().replaceAll(' ', '-')));
    const links = [...TEXT.matchAll(/\]\(#([^)]*)\)/g)].map(([, link = '']) => link);
    expect(links.filter((link) => !headings.has(link))).toEqual([]);
  });
});
