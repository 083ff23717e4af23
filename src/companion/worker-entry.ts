// Where the code of a worker begins.

export const WORKER_ENTRANCE = new URL('./worker-entrance.js', import.meta.url);
