// PEM text cut into blocks, forgiving what tools and editors do to such files (B1): CRLF, text between blocks, indentation, no last newline.
// Knows nothing of what the blocks hold.

export interface PemBlock {
  /** The words after BEGIN: `CERTIFICATE`, `EC PRIVATE KEY`. */
  readonly label: string;
  /** Normalised: `\n`, 64 columns, a final newline. */
  readonly text: string;
  /** The key inside needs a passphrase. */
  readonly isEncrypted: boolean;
}

export interface PemBlocks {
  readonly blocks: readonly PemBlock[];
  /** What is wrong with the text as PEM, as a sentence; the blocks are then those that could be read. */
  readonly problem?: string;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([^]*?)-----END \1-----/g;

/** Cuts `text` into its blocks; a block that is not closed or not base64 is named as a problem. */
export function readPem(text: string): PemBlocks {
  const blocks: PemBlock[] = [];
  let problem: string | undefined;
  for (const [, label = '', inside = ''] of text.matchAll(BLOCK)) {
    const lines = inside.split(/\r\n|\r|\n/).map((line) => line.trim());
    const base64 = lines.filter((line) => !line.includes(':')).join('');
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) {
      problem ??= `the block "${label}" (number ${blocks.length + 1}) is not base64`;
      continue;
    }
    blocks.push({ label, text: pemOf(label, base64), isEncrypted: label === 'ENCRYPTED PRIVATE KEY' || lines.some(isEncryptedHeader) });
  }
  const opened = text.match(/-----BEGIN [A-Z0-9 ]+-----/g)?.length ?? 0;
  const closed = [...text.matchAll(BLOCK)].length;
  if (opened > closed) {
    problem ??= 'a block has a BEGIN line but no END line; is the file complete?';
  }
  return problem === undefined ? { blocks } : { blocks, problem };
}

/** A PEM block of base64 text: 64 columns, lines ended by `\n`. */
export function pemOf(label: string, base64: string): string {
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

function isEncryptedHeader(line: string): boolean {
  return line.startsWith('Proc-Type:') && line.includes('ENCRYPTED');
}
