// What holds of limits where the user says nothing (C5).

export const WHEN_MISSING = 'share';
export const ALGORITHM = 'tokenBucket';
export const ON_FAILURE = 'allow';
export const ON_STORE_FAILURE = 'local';
export const COST = 1;
/** Percent. */
export const QUOTA_RESERVE = 5;
export const LOCAL_KEYS = 10_000;
export const CALENDAR = { timeZone: 'UTC', weekStart: 'monday', monthDay: 1 } as const;
/** What Envoy waits. */
export const SERVICE_TIMEOUT_MS = 50;
export const DENIED_STATUS = 429;
export const REDIS = { timeoutMs: 25, prefix: 'crl' } as const;
