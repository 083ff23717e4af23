import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'vitest';
import type * as workerBuilds from '../../src/build/worker-builds.ts';
import { REPOSITORY } from '../support/envoy-binary.ts';
import { describeBuilds } from '../unit/app/builds-contract.ts';

// A thread runs compiled code only.
const COMPILED = path.join(REPOSITORY, 'dist/build/worker-builds.js');
if (!existsSync(COMPILED)) throw new Error('dist/build/worker-builds.js is missing: run `npm run build` first');
const compiled: typeof workerBuilds = await import(pathToFileURL(COMPILED).href);

describeBuilds('builds in a real thread (P8)', (cwd) => compiled.workerBuilds({ env: {}, cwd })((error) => expect.fail(String(error))));
