// The whole parity table (authz C8), in the order in which it is asked.
import type { ParityRow } from './parity-row.ts';
import { BRANCH_ROWS } from './rows/branches.ts';
import { IDENTITY_ROWS } from './rows/identity.ts';
import { PROVIDER_ROWS } from './rows/providers.ts';
import { REQUIREMENT_ROWS } from './rows/requirements.ts';
import { TOKEN_CLAIM_ROWS } from './rows/token-claims.ts';
import { TOKEN_FORM_ROWS } from './rows/token-form.ts';

export const PARITY_TABLE: readonly ParityRow[] = [
  ...TOKEN_FORM_ROWS,
  ...TOKEN_CLAIM_ROWS,
  ...REQUIREMENT_ROWS,
  ...BRANCH_ROWS,
  ...PROVIDER_ROWS,
  ...IDENTITY_ROWS,
];
