import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createDiscoveryPorts } from '../../../src/app/discovery-ports.ts';
import { startFileSource } from '../../../src/discovery/file-source.ts';
import type { ListSource } from '../../../src/discovery/list-source.ts';
import { eventually } from '../../support/eventually.ts';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';

const ports = createDiscoveryPorts({ nowMs: () => 0, random: () => 0 });

describe('a list in a file', () => {
  let workspace: Workspace;
  let source: ListSource;
  const listener = { answered: vi.fn(), unchanged: vi.fn(), failed: vi.fn() };
  beforeEach(async () => {
    for (const told of Object.values(listener)) told.mockReset();
    workspace = await createWorkspace();
  });
  afterEach(async () => {
    source.close();
    await workspace.remove();
  });
  const start = (): void => {
    source = startFileSource(workspace.path('orders.yaml'), ports, listener);
  };
  const last = (): string => JSON.stringify(listener.answered.mock.lastCall?.[0] ?? []);

  test.each(['rename', 'truncate', 'backup'] as const)('is read again when it is saved by %s', async (pattern) => {
    await workspace.write('orders.yaml', '- 10.0.0.1:80\n- {address: "10.0.0.2:80", weight: 3}\n');
    start();
    await eventually(() => last().includes('10.0.0.2'));
    await workspace.save('orders.yaml', '["10.0.0.3:80"]', pattern);
    await eventually(() => last().includes('10.0.0.3'));
  });

  test('that is missing or wrong is a failure, until it is there', async () => {
    start();
    await eventually(() => listener.failed.mock.calls.length > 0);
    expect(listener.failed.mock.calls[0]?.[0]).toContain('ENOENT');
    await workspace.write('orders.yaml', 'endpoints: {a: b}');
    await eventually(() => String(listener.failed.mock.lastCall?.[0]).includes('endpoints: expected a list'));
    await workspace.save('orders.yaml', '[]', 'rename');
    await eventually(() => listener.answered.mock.calls.length > 0);
    expect(listener.answered.mock.calls[0]?.[0]).toEqual([]);
  });
});
