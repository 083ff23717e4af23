// Asks every row of the parity table in both forms and compares each answer with what the row says (authz C8). What runs the gateway is
// handed in.
import { createServer } from 'node:net';
import { createAsker } from './ask.ts';
import { startEchoBackend } from './echo-backend.ts';
import { FORMS, type Form, type GatewayPlaces, gatewayText } from './gateway-text.ts';
import { createMint } from './mint.ts';
import { differences, type Outcome } from './outcome.ts';
import type { ParityRow } from './parity-row.ts';
import { PARITY_TABLE } from './table.ts';

export interface ProverPorts {
  /** Seconds since the epoch. */
  readonly now: number;
  /** Serves the configuration with a real Envoy and a companion; resolves when both forms answer. */
  start(text: string, places: GatewayPlaces): Promise<{ stop(): Promise<void> }>;
  /** Told after each answer. */
  onResult?(result: RowResult): void;
}

export interface RowResult {
  readonly row: ParityRow;
  readonly form: Form;
  readonly outcome?: Outcome;
  /** Empty: as the row says. */
  readonly differences: readonly string[];
}

/** In the order of the table; rows by default all of it. */
export async function prove(ports: ProverPorts, rows: readonly ParityRow[] = PARITY_TABLE): Promise<readonly RowResult[]> {
  const mint = createMint(ports.now);
  const backend = await startEchoBackend();
  try {
    const places = { port: await freePort(), upstreamPort: backend.port };
    const gateway = await ports.start(gatewayText(places, mint), places);
    const asker = createAsker(places.port, mint);
    const results: RowResult[] = [];
    try {
      for (const row of rows) {
        for (const form of FORMS) {
          const result = await asked(row, form, () => asker.ask(expected(row, form), form));
          results.push(result);
          ports.onResult?.(result);
        }
      }
      return results;
    } finally {
      asker.close();
      await gateway.stop();
    }
  } finally {
    await backend.stop();
  }
}

async function asked(row: ParityRow, form: Form, ask: () => Promise<Outcome>): Promise<RowResult> {
  try {
    const outcome = await ask();
    return { row, form, outcome, differences: differences(expected(row, form), outcome) };
  } catch (error) {
    return { row, form, differences: [`no answer: ${error instanceof Error ? error.message : String(error)}`] };
  }
}

/** The row as the form must answer it: with the listed difference where there is one (authz C9). */
function expected(row: ParityRow, form: Form): ParityRow {
  if (form !== 'proxy' || row.proxySays === undefined || row.expect.decision === 'allow') return row;
  return { ...row, expect: { ...row.expect, reason: row.proxySays.reason } };
}

/** On loopback, for Envoy's listener. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  if (address === null || typeof address === 'string') throw new Error('the machine gives no port');
  return address.port;
}
