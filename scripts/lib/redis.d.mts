export function findRedisServer(root: string): string;
export function isRedisCurrent(root: string): boolean;
export function installRedis(root: string): void;
