import { expect, test } from 'vitest';
import { createChangeLog } from '../../../src/discovery/change-log.ts';

test('a change log tells what changed after an epoch, and that it does not know (P6)', () => {
  const log = createChangeLog();
  expect([log.epoch, log.since(0)]).toEqual([0, new Set()]);
  log.add(new Set(['a']));
  const { epoch } = log;
  log.add(new Set(['b']));
  log.add(new Set(['b', 'c']));
  expect([log.since(epoch), log.since(0)]).toEqual([new Set(['b', 'c']), new Set(['a', 'b', 'c'])]);
  log.add(undefined);
  expect([log.since(epoch), log.since(log.epoch)]).toEqual([undefined, new Set()]);
  const beforeMany = log.epoch;
  for (let n = 0; n < 65; n += 1) log.add(new Set(['d']));
  expect([log.since(beforeMany), log.since(beforeMany + 1)]).toEqual([undefined, new Set(['d'])]);
});
