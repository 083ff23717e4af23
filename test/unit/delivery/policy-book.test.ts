import { describe, expect, it } from 'vitest';
import { POLICY_KEEP_MS, PolicyBook } from '../../../src/delivery/policy-book.ts';
import { TYPE_URLS } from '../../../src/proto/type-urls.ts';
import { type Contents, testSnapshot } from '../../support/snapshots.ts';

const edge = (contents: Contents) => testSnapshot('edge', contents);
const namesIn = (book: PolicyBook) => [...book.snapshot.views.values()].flatMap(({ resources }) => [...resources.keys()]);

describe('what companions are to have', () => {
  it('is every policy, key set and secret of theirs, of all revisions that a proxy may reach, and nothing else (authz D1, D6)', () => {
    const book = new PolicyBook('edge/authz');
    const older = edge({ AuthPolicy: { 'edge/p@1': 'a' }, ApiKeySet: { 'edge/k': 'old' }, Cluster: { orders: '1' } });
    const newer = edge({
      AuthPolicy: { 'edge/p@2': 'b' },
      ApiKeySet: { 'edge/k': 'new' },
      Secret: { 'secret/jwt/m': 's', 'certificate/c': 't' },
    });
    book.update([newer, older], 0);
    expect(namesIn(book).sort()).toEqual(['edge/k', 'edge/p@1', 'edge/p@2', 'secret/jwt/m']);
    const keys = (snapshot: typeof newer) => snapshot.views.get(TYPE_URLS.ApiKeySet)?.resources.get('edge/k')?.version;
    expect(keys(book.snapshot)).toBe(keys(newer));
  });

  it('keeps a version for ten minutes when no revision names it any more (authz D6)', () => {
    const book = new PolicyBook('edge/authz');
    book.update([edge({ AuthPolicy: { 'edge/p@1': 'a' } })], 0);
    book.update([edge({ AuthPolicy: { 'edge/p@2': 'b' } })], 1_000);
    expect(namesIn(book)).toEqual(['edge/p@1', 'edge/p@2']);
    expect(book.nextDeadlineMs()).toBe(1_000 + POLICY_KEEP_MS);
    book.update([edge({ AuthPolicy: { 'edge/p@2': 'b' } })], 999 + POLICY_KEEP_MS);
    expect(namesIn(book)).toEqual(['edge/p@1', 'edge/p@2']);
    book.update([edge({ AuthPolicy: { 'edge/p@2': 'b' } })], 1_000 + POLICY_KEEP_MS);
    expect(namesIn(book)).toEqual(['edge/p@2']);
  });

  it('is the same object as long as nothing changes, and begins anew where a name comes back', () => {
    const book = new PolicyBook('edge/authz');
    const one = edge({ AuthPolicy: { 'edge/p@1': 'a' }, Cluster: { orders: '1' } });
    book.update([one], 0);
    const { snapshot } = book;
    book.update([edge({ AuthPolicy: { 'edge/p@1': 'a' }, Cluster: { orders: '2' } })], 5);
    expect(book.snapshot).toBe(snapshot);
    book.update([], 10);
    expect(book.snapshot).toBe(snapshot);
    book.update([one], 20);
    expect(book.nextDeadlineMs()).toBeUndefined();
  });

  it('goes on after a restart with what is kept for its ten minutes still (authz D6)', () => {
    const before = new PolicyBook('edge/authz');
    before.update([edge({ AuthPolicy: { 'edge/p@1': 'a' } })], 0);
    before.update([], 1_000);
    const after = new PolicyBook('edge/authz');
    after.restore(before.gone);
    after.update([edge({ AuthPolicy: { 'edge/p@2': 'b' } })], 5_000);
    expect(namesIn(after)).toEqual(['edge/p@1', 'edge/p@2']);
    after.update([], 1_000 + POLICY_KEEP_MS);
    expect(namesIn(after)).toEqual(['edge/p@2']);
  });
});
