// A vitest reporter that only counts. It writes { passed, failed, skipped } to the file that CHANCERY_TEST_COUNTS names.
import { writeAtomically } from './stamp.mjs';

export default class CountReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      // A file that does not load has no failed test, only errors of its own.
      counts.failed += module.errors().length;
      for (const suite of module.children.allSuites()) counts.failed += suite.errors().length;
      for (const test of module.children.allTests()) counts[stateOf(test)] += 1;
    }
    writeAtomically(process.env.CHANCERY_TEST_COUNTS, JSON.stringify(counts));
  }
}

/** A test that never ended (the run was cut short) did not pass. */
function stateOf(test) {
  const { state } = test.result();
  return state === 'pending' ? 'failed' : state;
}
