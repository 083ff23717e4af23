// Property tests draw the same cases in every run of CI, so that a change is judged by what it changed. Elsewhere they draw new ones each time;
// PROPERTY_SEED repeats a run.
import fc from 'fast-check';

const seed = process.env['PROPERTY_SEED'] ?? (process.env['CI'] === 'true' ? '1' : undefined);
if (seed !== undefined) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(seed) });
