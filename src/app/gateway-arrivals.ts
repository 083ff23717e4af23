// Notices root files that are added to watched directories of gateways while they are served (C14). Reads and watches; builds nothing.
import { listGatewayDirectory } from './gateway-directories.ts';
import type { Watcher } from './live-gateway.ts';

export interface GatewayArrivalsOptions {
  /** Absolute. */
  readonly directories: readonly string[];
  readonly isKnown: (file: string) => boolean;
  /** A root file that is not known; one at a time. */
  readonly onFile: (file: string) => Promise<void>;
  readonly watch: (onChange: () => void) => Watcher;
}

export interface GatewayArrivals {
  /** Resolves when what is there now was told, and what was under way. */
  look(): Promise<void>;
  close(): Promise<void>;
}

/** Looks at once, and whenever something changes. */
export function watchForGateways({ directories, isKnown, onFile, watch }: GatewayArrivalsOptions): GatewayArrivals {
  let watched = new Set<string>();
  let isClosed = false;
  let last: Promise<void> = Promise.resolve();
  const found = (): readonly string[] => {
    const listings = directories.map((directory) => listGatewayDirectory(directory, isKnown));
    const paths = [...directories, ...listings.flatMap(({ others }) => others)];
    const isGrown = paths.some((path) => !watched.has(path));
    watched = new Set(paths);
    watcher.update(paths);
    // What is watched for the first time may have changed between its reading and now.
    return isGrown ? found() : listings.flatMap(({ roots }) => roots);
  };
  const lookOnce = async (): Promise<void> => {
    for (const file of isClosed ? [] : found()) if (!isClosed && !isKnown(file)) await onFile(file);
  };
  const look = (): Promise<void> => {
    last = last.then(lookOnce);
    return last;
  };
  const watcher = watch(() => void look());
  return {
    look,
    close: async () => {
      isClosed = true;
      await watcher.close();
      await last;
    },
  };
}
