// The policies of one gateway from a control plane that the test holds in its hands, good and bad ones.
import { credentials } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PolicySource } from '../../../src/companion/policy-source.ts';
import type { PolicyUpdate } from '../../../src/companion/policy-update.ts';
import { eventually } from '../../support/eventually.ts';
import { type PolicyControlPlane, startPolicyControlPlane } from '../../support/policy-control-plane.ts';
import { quietLogger } from '../../support/quiet-logger.ts';
import { testApi } from '../../support/snapshots.ts';

const api = testApi();
const NAME = 'secret/apiKeys/partners';

function secret(name: string, text: string): { readonly name: string; readonly bytes: Buffer } {
  return {
    name,
    bytes: api.encode('envoy.extensions.transport_sockets.tls.v3.Secret', {
      name,
      generic_secret: { secret: { inline_string: text } },
    }),
  };
}

describe('policies from a control plane', () => {
  let plane: PolicyControlPlane;
  let source: PolicySource;
  let applied: PolicyUpdate[];

  beforeEach(async () => {
    plane = await startPolicyControlPlane(api);
    applied = [];
    source = new PolicySource({
      api,
      server: `127.0.0.1:${plane.port}`,
      credentials: () => credentials.createInsecure(),
      gateway: 'edge',
      types: ['AuthPolicy', 'ApiKeySet', 'Secret'],
      node: () => ({ id: 'a', cluster: 'edge' }),
      apply: async (update) => {
        applied.push(update);
        return { refused: [] };
      },
      onComplete: () => {},
      logger: quietLogger(),
      random: () => 0,
    });
    await source.start();
    await plane.subscribed('edge');
  });

  afterEach(() => {
    source.stop();
    plane.close();
  });

  it('a secret of broken bytes is refused by its name; those beside it count, and the stream goes on (authz D3, D4)', async () => {
    const broken = { name: NAME, bytes: Buffer.from([0x0a, 0x7f, 0x61]) };
    const answer = await plane.answered(plane.send('edge', 'Secret', [broken, secret('secret/jwt/main', 'good')]));
    expect(answer.error).toContain(NAME);
    expect(applied.at(-1)?.secrets.map(({ name }) => name)).toEqual(['edge/secret/jwt/main']);
    expect((await plane.answered(plane.send('edge', 'AuthPolicy', []))).stream).toBe(answer.stream);
    expect((await plane.answered(plane.send('edge', 'Secret', [secret(NAME, 'mended')]))).error).toBeUndefined();
    expect(applied.at(-1)?.secrets.map(({ name, value }) => [name, value.reveal()])).toEqual([[`edge/${NAME}`, 'mended']]);
  });

  it('a resource of another type than its response is refused by its name and reaches nobody (authz D3)', async () => {
    const answer = await plane.answered(
      plane.send('edge', 'AuthPolicy', [{ name: 'edge/x@1', bytes: Buffer.from([0xff]), type: 'Secret' }]),
    );
    expect(answer.error).toContain('edge/x@1');
    expect(applied.at(-1)?.policies).toEqual([]);
  });

  it('a name that stands twice in a response reaches the workers as it stands, and what is held is the later (authz D2)', async () => {
    const resources = ['1', '2'].map((version) => ({ ...secret(NAME, version), version }));
    expect((await plane.answered(plane.send('edge', 'Secret', resources))).error).toBeUndefined();
    expect(applied.at(-1)?.secrets.map(({ value }) => value.reveal())).toEqual(['1', '2']);
    source.renew();
    const again = await eventually(() => plane.requests.find(({ kind, stream }) => kind === 'Secret' && stream === 2));
    expect(again.held).toEqual({ [NAME]: '2' });
  });
});
