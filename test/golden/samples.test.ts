// The sample gateways are good examples: they load and compile without an error or a warning.
import path from 'node:path';
import { expect, test } from 'vitest';
import { REPOSITORY } from '../support/envoy-binary.ts';
import { compileGatewayFile, SAMPLES } from '../support/golden-gateway.ts';

test.each(SAMPLES)('envoy/%s', async (sample) => {
  const { resources } = await compileGatewayFile(path.join(REPOSITORY, 'envoy', sample));
  expect(resources.filter(({ kind }) => kind === 'Listener')).not.toHaveLength(0);
});
