// The parity prover of authz C8 over a real Envoy: every row in both forms. A missing Envoy fails the run.
import { expect, it } from 'vitest';
import { startProof } from '../../src/cli/proof-gateway.ts';
import { prove, type RowResult } from '../../src/prover/prove.ts';
import { PARITY_TABLE } from '../../src/prover/table.ts';
import { createWorkspace } from '../support/workspace.ts';

function told({ row, form, differences }: RowResult): string {
  return `${form}: ${row.name} (${row.rules.join(', ')}): ${differences.join('; ')}`;
}

it('both forms answer every row of the parity table as it says (authz C8, C9)', async () => {
  const workspace = await createWorkspace();
  try {
    const results = await prove({
      now: Math.floor(Date.now() / 1_000),
      start: async (text, { port }) => {
        const file = await workspace.write('gateway.yaml', text);
        return startProof({ file, port, state: workspace.path('state'), env: process.env });
      },
    });
    expect(results.filter(({ differences }) => differences.length > 0).map(told)).toEqual([]);
    expect(results).toHaveLength(PARITY_TABLE.length * 2);
  } finally {
    await workspace.remove();
  }
}, 60_000);
