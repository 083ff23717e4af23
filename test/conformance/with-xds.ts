// Starts a server before each test and ends it, with all clients of the test, after it.
import { afterEach, beforeEach } from 'vitest';
import { type Form, type NodeOptions, TestClient } from './test-client.ts';
import { type HarnessOptions, startXds, type XdsHarness } from './xds-harness.ts';

export interface WithXds {
  readonly xds: XdsHarness;
  connect(form: Form, node?: NodeOptions): TestClient;
}

/** Without delays: what the protocol alone demands. */
export const PROMPT: HarnessOptions = { timing: { lingerMs: 0, separateDelayMs: 0 } };

export function withXds(options: HarnessOptions = PROMPT): WithXds {
  let xds: XdsHarness | undefined;
  const clients: TestClient[] = [];
  beforeEach(async () => {
    xds = await startXds(options);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await xds?.close();
    xds = undefined;
  });
  return {
    get xds() {
      if (xds === undefined) throw new Error('the server runs only within a test');
      return xds;
    },
    connect(form, node) {
      const client = new TestClient(this.xds, form, node);
      clients.push(client);
      return client;
    },
  };
}
