// Gateways made of text, for the tests of explain/.
import { createResolver } from '../../../src/model/resolve.ts';
import type { Model } from '../../../src/model/types.ts';
import { HEAD, loadText } from '../config/support.ts';

export const NOW = Date.UTC(2026, 10, 22);

export const BASE = `${HEAD}listeners:
  http: {port: 10000}
services:
  orders: {endpoints: ["127.0.0.1:9000"]}
jwt:
  main:
    issuer: https://id.example.com/
    audiences: [shop]
    jwks: {url: https://id.example.com/jwks.json}
`;

/** Throws where the text has a mistake. */
export async function modelOf(text: string): Promise<Model> {
  const { config, issues } = await loadText(text);
  const outcome = config === undefined ? undefined : createResolver().resolve(config, { nowMs: NOW });
  if (outcome?.model === undefined) throw new Error(JSON.stringify([...issues, ...(outcome?.issues ?? [])]));
  return outcome.model;
}

/** An unsigned token that says this. */
export function tokenOf(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'ES256', typ: 'JWT' })}.${part(claims)}.AAAA`;
}
