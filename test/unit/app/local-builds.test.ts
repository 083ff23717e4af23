import { createLocalBuilds } from '../../../src/build/local-builds.ts';
import { testApi } from '../../support/snapshots.ts';
import { describeBuilds } from './builds-contract.ts';

describeBuilds('builds in the thread that asks', (cwd) => createLocalBuilds({ api: testApi(), env: {}, nowMs: Date.now, cwd }));
