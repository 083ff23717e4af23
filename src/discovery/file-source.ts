// Endpoints from a file, read again when it changes. A file that is missing or wrong is a failure, not an empty list.
import { type ListSource, reasonOf, type SourceListener } from './list-source.ts';
import type { DiscoveryPorts } from './ports.ts';

type FilePorts = Pick<DiscoveryPorts, 'readFile' | 'watchFile' | 'parseEndpoints'>;

export function startFileSource(file: string, { readFile, watchFile, parseEndpoints }: FilePorts, listener: SourceListener): ListSource {
  let isClosed = false;
  let isReading = false;
  let isOutdated = false;
  const readOnce = async (): Promise<void> => {
    try {
      const parsed = parseEndpoints(await readFile(file));
      if (isClosed) return;
      if (parsed.ok) listener.answered(parsed.value);
      else listener.failed(`${file}: ${parsed.problem}`);
    } catch (error) {
      if (!isClosed) listener.failed(reasonOf(error));
    }
  };
  const read = async (): Promise<void> => {
    isOutdated = true;
    if (isReading) return;
    isReading = true;
    while (isOutdated && !isClosed) {
      isOutdated = false;
      await readOnce();
    }
    isReading = false;
  };
  const stopWatching = watchFile(file, () => void read());
  void read();
  return {
    close: () => {
      isClosed = true;
      stopWatching();
    },
  };
}
