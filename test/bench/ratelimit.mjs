// PB11, the handler in memory: from the bytes of a rate-limit request to the bytes of the answer, counting included; own tables and reference ones,
// one hot key, a thousand, a hundred thousand, and denials.
import { MemoryStore } from '../../dist/ratelimit/memory/memory-store.js';
import { SILENT_LISTENER } from '../../dist/ratelimit/store/store-listener.js';
import { CALL, decisionsOf, handlerOf, handlerRow, storeClock } from './limit-handler.mjs';
import { ownTable, referenceTable, requestsOf } from './limit-requests.mjs';
import { measure, report } from './measure.mjs';

const many = requestsOf(100_000);
const CASES = {
  hot: { name: 'one hot key', tables: { own: ownTable(2 ** 40, 'fixed') }, requests: many.slice(0, 1) },
  bucket: { name: 'one hot key, token bucket', tables: { own: ownTable(10_000_000, 'bucket', 1) }, requests: many.slice(0, 1) },
  denied: { name: 'one hot key, denied', tables: { own: ownTable(1, 'fixed') }, requests: many.slice(0, 1) },
  '1k': { name: '1,000 keys', tables: { own: ownTable(2 ** 40, 'fixed') }, requests: many.slice(0, 1_000) },
  '100k': { name: '100,000 keys', tables: { own: ownTable(2 ** 40, 'fixed') }, requests: many },
  reference: { name: 'reference table, 1,000 keys', tables: { reference: referenceTable }, requests: many.slice(0, 1_000) },
};

function run(handler, requests) {
  const decisions = decisionsOf(requests);
  let answered = 0;
  const count = (answer) => {
    if (answer instanceof Uint8Array) answered += 1;
  };
  for (let index = 0; index < decisions; index += 1) handler(requests[index % requests.length], CALL, count);
  if (answered !== decisions) throw new Error('a request was not answered on the spot');
}

const tasks = Object.entries(CASES).map(([id, { tables, requests }]) => {
  const handler = handlerOf(new MemoryStore({ clock: storeClock(), listener: SILENT_LISTENER, random: Math.random }), tables);
  return [id, () => ({ measure: () => run(handler, requests) })];
});
const taken = await measure(Object.fromEntries(tasks));
report(
  Object.entries(CASES).map(([id, { name, requests }]) => {
    const parts = { name: `handler in memory, ${name}`, goalId: `limiter-memory-${id}`, decisions: decisionsOf(requests) };
    return handlerRow(parts, taken[id]);
  }),
);
process.exit(0);
