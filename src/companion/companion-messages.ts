// What the two halves of a companion of any kind tell each other beyond what is enforced. Plain data; the tags of all kinds differ.
import type { AuthzFromWorker, AuthzToWorker } from './authz-messages.ts';
import type { RatelimitFromWorker, RatelimitToWorker } from './ratelimit-messages.ts';

export type AsideToWorker = AuthzToWorker | RatelimitToWorker;

export type AsideFromWorker = AuthzFromWorker | RatelimitFromWorker;
