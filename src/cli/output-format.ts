// Data as YAML or JSON text (O2). Both forms hold the same.
import { ChanceryError } from '../lib/errors.ts';

/** Throws ERR_USAGE where the format is none of these. */
export function checkFormat(format: string, formats: readonly string[]): void {
  if (formats.includes(format)) return;
  throw new ChanceryError('ERR_USAGE', `-o ${format}: there is no such format here`, { remedy: `use -o ${formats.join(' or -o ')}` });
}

/** `format` is yaml or json; ERR_USAGE otherwise. */
export async function formatData(data: unknown, format: string): Promise<string> {
  checkFormat(format, ['yaml', 'json']);
  if (format === 'json') return `${JSON.stringify(data, undefined, 2)}\n`;
  // Loaded on use: most commands print no YAML.
  const { stringify } = await import('yaml');
  // No anchors: each place shows what it holds.
  return stringify(data, { lineWidth: 0, aliasDuplicateObjects: false });
}
