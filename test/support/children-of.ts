// The processes that a process started, such as the workers of a companion.
import { readFile } from 'node:fs/promises';

export async function childrenOf(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').map(Number).filter(Boolean);
}
