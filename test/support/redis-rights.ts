/** All that a user of Redis needs for counting, as docs/security.md says it (ratelimit R408). */
export const REDIS_RIGHTS = [
  '~crl:*',
  '&crl:*',
  '-@all',
  '+@read',
  '+@write',
  '+@scripting',
  '+@pubsub',
  '+@connection',
  '+time',
  '+info',
  '+config|get',
] as const;
