import { defineConfig } from 'vitest/config';

/** Tests that start processes (Envoy, the built program) run after the others, so that load does not disturb their clocks. */
const WITH_PROCESSES = [
  'test/integration/**/*.test.ts',
  'test/drills/**/*.test.ts',
  'test/parity/parity.test.ts',
  'test/unit/scripts/**/*.test.ts',
  'test/unit/repository/**/*.test.ts',
  'test/support/**/*.test.ts',
];

/** How often each drill is repeated (test/support/drill.ts). */
const DRILL_RUNS = Number(process.env.DRILL_RUNS ?? 1);

export default defineConfig({
  test: {
    isolate: false,
    pool: 'forks',
    maxWorkers: 2,
    setupFiles: ['test/support/property-seed.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'in-process',
          include: ['test/**/*.test.ts'],
          exclude: ['test/bench/**', ...WITH_PROCESSES],
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'with-processes',
          include: WITH_PROCESSES,
          testTimeout: 60_000 * DRILL_RUNS,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
