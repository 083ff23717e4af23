// The range of TLS versions of one side, defaulted and checked.
import type { TlsVersionConfig } from '../config/schema/tls-version.ts';
import type { ConfigPath } from '../lib/issue.ts';
import { TLS_VERSIONS } from './defaults.ts';
import { errorAt, type Report } from './issue.ts';
import type { TlsVersion } from './types.ts';

export interface TlsVersionRange {
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
}

export interface TlsVersionRangeConfig {
  readonly minVersion?: TlsVersionConfig;
  readonly maxVersion?: TlsVersionConfig;
}

/** `at` gives the place where one of the two keys was written. */
export function resolveTlsVersions(config: TlsVersionRangeConfig, at: (key: string) => ConfigPath, report: Report): TlsVersionRange {
  const { minVersion = TLS_VERSIONS.min, maxVersion = TLS_VERSIONS.max } = config;
  if (minVersion > maxVersion) {
    report(
      errorAt(at('minVersion'), 'CH2204', {
        message: `minVersion ${minVersion} is above maxVersion ${maxVersion}, so no version is left`,
        related: config.maxVersion === undefined ? [] : [{ message: 'maxVersion is here', path: at('maxVersion') }],
      }),
    );
  }
  return { minVersion, maxVersion };
}
