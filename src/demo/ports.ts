// Where the sample backends listen. The quickstart gateway reads the same variables with the same defaults; a test holds them together.
import { ChanceryError } from '../lib/errors.ts';

export interface DemoPorts {
  readonly helloV1: number;
  readonly helloV2: number;
  readonly greeterV1: number;
  readonly greeterV2: number;
}

export const DEMO_PORTS: { readonly [Backend in keyof DemoPorts]: { readonly variable: string; readonly fallback: number } } = {
  helloV1: { variable: 'CHANCERY_DEMO_HELLO_V1_PORT', fallback: 18_101 },
  helloV2: { variable: 'CHANCERY_DEMO_HELLO_V2_PORT', fallback: 18_102 },
  greeterV1: { variable: 'CHANCERY_DEMO_GREETER_V1_PORT', fallback: 18_111 },
  greeterV2: { variable: 'CHANCERY_DEMO_GREETER_V2_PORT', fallback: 18_112 },
};

/** Ports of the sample backends. Throws ERR_USAGE for a variable that is no port. */
export function demoPorts(env: Readonly<Record<string, string | undefined>>): DemoPorts {
  const port = ({ variable, fallback }: { readonly variable: string; readonly fallback: number }): number => {
    const text = env[variable];
    if (text === undefined || text === '') return fallback;
    if (!/^\d{1,5}$/.test(text) || Number(text) === 0 || Number(text) > 65_535) {
      throw new ChanceryError('ERR_USAGE', `${variable} is "${text}": a port is a number from 1 to 65535`);
    }
    return Number(text);
  };
  return {
    helloV1: port(DEMO_PORTS.helloV1),
    helloV2: port(DEMO_PORTS.helloV2),
    greeterV1: port(DEMO_PORTS.greeterV1),
    greeterV2: port(DEMO_PORTS.greeterV2),
  };
}
