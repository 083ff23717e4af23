import { describe, expect, test } from 'vitest';
import { SubscriptionDialogue } from './subscription-dialogue.ts';

const REFUSAL = { code: 13, message: 'bad' };

describe.each(['sotw', 'delta'] as const)('a %s request', (variant) => {
  const started = (): SubscriptionDialogue => {
    const dialogue = new SubscriptionDialogue({ variant }, { A: '1' });
    dialogue.ask({ list: ['A'], subscribe: ['A'] });
    dialogue.answer();
    return dialogue;
  };

  test('X19, X21, S4: the first of a type is neither ACK nor NACK, whatever nonce and error it has', () => {
    const dialogue = new SubscriptionDialogue({ variant }, { A: '1' });
    expect(dialogue.ask({ list: ['A'], subscribe: ['A'], nonce: 'of-an-older-stream', error: REFUSAL })).toBe('first');
    expect(dialogue.state.rejected).toBeUndefined();
    expect(dialogue.answer()).toBe('A');
  });

  test('S4, X29: the nonce of the last response without an error accepts it', () => {
    const dialogue = started();
    expect(dialogue.ask({ list: ['A'], nonce: 'n1' })).toBe('ack');
    expect(dialogue.state.accepted).toEqual({ version: dialogue.state.sentVersion, atMs: 7 });
    expect(dialogue.answer()).toBeUndefined();
  });

  test('S4, X27: with an error it refuses it', () => {
    const dialogue = started();
    expect(dialogue.ask({ list: ['A'], nonce: 'n1', error: REFUSAL })).toBe('nack');
    expect(dialogue.state.rejected).toMatchObject({ nonce: 'n1', code: 13, message: 'bad', version: dialogue.state.sentVersion });
    expect([...dialogue.state.unaccepted.keys()]).toEqual(['A']);
    expect(dialogue.state.accepted).toBeUndefined();
  });

  test('X30: after a refusal there is silence until the contents differ', () => {
    const dialogue = started();
    dialogue.ask({ list: ['A'], nonce: 'n1', error: REFUSAL });
    expect(dialogue.answer()).toBeUndefined();
    dialogue.serve({ A: '2' });
    expect(dialogue.exchange()).toBe('A');
    expect(dialogue.state.rejected).toBeUndefined();
    expect(dialogue.state.unaccepted.size).toBe(0);
  });

  test('X32: a refusal that is repeated under its nonce is no second one', () => {
    const dialogue = started();
    dialogue.ask({ list: ['A'], nonce: 'n1', error: REFUSAL });
    expect(dialogue.ask({ list: ['A'], nonce: 'n1', error: REFUSAL })).toBe('repeat');
  });

  test('X33: the last refusal and the last accepted version stand beside each other until the next ACK', () => {
    const dialogue = started();
    dialogue.ask({ list: ['A'], nonce: 'n1' });
    const accepted = dialogue.state.accepted?.version;
    dialogue.serve({ A: '2' });
    dialogue.answer();
    dialogue.ask({ list: ['A'], nonce: 'n2', error: REFUSAL });
    expect(dialogue.state.accepted?.version).toBe(accepted);
    expect(dialogue.state.rejected?.version).toBe(dialogue.state.sentVersion);
  });

  test('X36: going back to accepted contents after a refusal is a response', () => {
    const dialogue = started();
    dialogue.ask({ list: ['A'], nonce: 'n1' });
    dialogue.serve({ A: '2' });
    dialogue.answer();
    dialogue.ask({ list: ['A'], nonce: 'n2', error: REFUSAL });
    dialogue.serve({ A: '1' });
    expect(dialogue.answer()).toBe('A');
  });

  test('X23, X25, X26: later requests without a nonce, with an old or with an unknown one settle nothing', () => {
    const dialogue = started();
    expect(dialogue.ask({ list: ['A'] })).toBe('spontaneous');
    expect(dialogue.ask({ list: ['A'], nonce: 'never-sent' })).toBe('stale');
    dialogue.ask({ list: ['A'], nonce: 'n1' });
    dialogue.serve({ A: '2' });
    dialogue.answer();
    expect(dialogue.ask({ list: ['A'], nonce: 'n1' })).toBe('repeat');
    expect(dialogue.ask({ list: ['A'], nonce: 'n0' })).toBe('stale');
    expect(dialogue.state.inFlight?.nonce).toBe('n2');
  });

  test('S6, X44: the last name given up clears all that was told and is under way', () => {
    const dialogue = started();
    dialogue.ask({ list: [], unsubscribe: ['A'] });
    expect(dialogue.state).toMatchObject({ inFlight: undefined, isAnswerDue: false });
    expect(dialogue.state.base).toBe(dialogue.state.type.empty);
    dialogue.serve({ A: '2' });
    expect(dialogue.answer()).toBeUndefined();
  });
});

describe('state-of-the-world names', () => {
  test('X38: a name that stays is silent, a new one is answered', () => {
    const dialogue = new SubscriptionDialogue({ variant: 'sotw', type: 'RouteConfiguration' }, { A: '1', B: '1', C: '1' });
    dialogue.ask({ list: ['A', 'B'] });
    dialogue.exchange();
    dialogue.ask({ list: ['B', 'C'], nonce: 'n1' });
    expect(dialogue.exchange()).toBe('C');
    dialogue.serve({ A: '2', B: '1', C: '1' });
    expect(dialogue.exchange()).toBeUndefined();
  });

  test('X45, X46: a name is answered at an unchanged version when it is new or comes back', () => {
    const dialogue = new SubscriptionDialogue({ variant: 'sotw', type: 'Secret' }, { A: '1', B: '1' });
    dialogue.ask({ list: ['A'] });
    dialogue.exchange();
    dialogue.ask({ list: ['A', 'B'], nonce: 'n1' });
    expect(dialogue.exchange()).toBe('B');
    dialogue.ask({ list: [] });
    dialogue.ask({ list: ['A'] });
    expect(dialogue.exchange()).toBe('A');
  });

  test('X25: names of a stale request are not lost', () => {
    const dialogue = new SubscriptionDialogue({ variant: 'sotw', type: 'RouteConfiguration' }, { A: '1', B: '1' });
    dialogue.ask({ list: ['A'] });
    dialogue.answer();
    dialogue.ask({ list: ['A', 'B'], nonce: 'old' });
    expect(dialogue.answer()).toBeUndefined();
    dialogue.ask({ list: ['A', 'B'], nonce: 'n1' });
    expect(dialogue.exchange()).toBe('B');
    expect(dialogue.exchange()).toBeUndefined();
  });

  test('X31: the names of a refusal apply', () => {
    const dialogue = new SubscriptionDialogue({ variant: 'sotw', type: 'RouteConfiguration' }, { A: '1', B: '1' });
    dialogue.ask({ list: ['A'] });
    dialogue.answer();
    dialogue.ask({ list: ['A', 'B'], nonce: 'n1', error: REFUSAL });
    expect(dialogue.exchange()).toBe('B');
  });

  test('S6: a wildcard that ends and comes back is told everything again', () => {
    const dialogue = new SubscriptionDialogue({ variant: 'sotw' }, { A: '1', B: '1' });
    dialogue.ask({ list: ['*', 'A'] });
    dialogue.exchange();
    dialogue.ask({ list: ['A'] });
    expect(dialogue.exchange()).toBeUndefined();
    dialogue.ask({ list: ['*', 'A'] });
    expect(dialogue.exchange()).toBe('A B');
  });
});

describe('delta names', () => {
  test('X56: a subscribed name is sent whenever it is subscribed', () => {
    const dialogue = new SubscriptionDialogue({ variant: 'delta' }, { A: '1' });
    dialogue.ask({ subscribe: ['A'] });
    expect(dialogue.exchange()).toBe('A');
    dialogue.ask({ subscribe: ['A'] });
    expect(dialogue.exchange()).toBe('A');
    dialogue.ask({ unsubscribe: ['A'] });
    dialogue.ask({ subscribe: ['A'] });
    expect(dialogue.exchange()).toBe('A');
  });

  test('X56, S5: a star that is repeated asks for everything, removals included', () => {
    const dialogue = new SubscriptionDialogue({ variant: 'delta' }, { A: '1', B: '1' });
    dialogue.ask({ subscribe: ['*'] });
    expect(dialogue.exchange()).toBe('A B');
    dialogue.serve({ A: '1' });
    dialogue.ask({ subscribe: ['*'] });
    expect(dialogue.exchange()).toBe('A -B');
  });

  test.each(['Cluster', 'Listener', 'RouteConfiguration'] as const)('X57: a resuming client of %s is not sent what it holds', (type) => {
    const dialogue = new SubscriptionDialogue({ variant: 'delta', type }, { A: '1', B: '2' });
    dialogue.ask({ subscribe: ['A', 'B'], initial: { A: dialogue.versionOf('A', '1'), B: 'older' } });
    expect(dialogue.exchange()).toBe('B');
  });

  test('X20, X57: a resuming client that holds everything gets an empty response', () => {
    const dialogue = new SubscriptionDialogue({ variant: 'delta' }, { A: '1' });
    dialogue.ask({ initial: { A: dialogue.versionOf('A', '1') } });
    expect(dialogue.exchange()).toBe('(empty)');
    expect(dialogue.exchange()).toBeUndefined();
  });

  test.each(['ClusterLoadAssignment', 'Secret'] as const)('X57, X80: %s are sent whatever the client holds', (type) => {
    const dialogue = new SubscriptionDialogue({ variant: 'delta', type }, { A: '1', B: '1' });
    dialogue.ask({ subscribe: ['A', 'B'], initial: { A: dialogue.versionOf('A', '1'), B: dialogue.versionOf('B', '1') } });
    expect(dialogue.exchange()).toBe('A B');
  });

  test('X58: names held that are gone are removed in the first response; a later map is ignored', () => {
    for (const type of ['Cluster', 'ClusterLoadAssignment'] as const) {
      const dialogue = new SubscriptionDialogue({ variant: 'delta', type }, { A: '1' });
      dialogue.ask({ subscribe: ['A', 'gone'], initial: { A: 'older', gone: '1', foreign: '1' } });
      expect(dialogue.exchange()).toBe('A -gone');
      dialogue.ask({ initial: { A: 'oldest' } });
      expect(dialogue.exchange()).toBeUndefined();
    }
  });

  test('S7: under a wildcard what the map leaves out is sent', () => {
    const dialogue = new SubscriptionDialogue({ variant: 'delta' }, { A: '1', B: '1' });
    dialogue.ask({ initial: { A: dialogue.versionOf('A', '1'), gone: '1' } });
    expect(dialogue.exchange()).toBe('B -gone');
  });

  test('X61: a name given up under a wildcard is answered, with the resource or its removal', () => {
    const dialogue = new SubscriptionDialogue({ variant: 'delta' }, { A: '1' });
    dialogue.ask({ subscribe: ['*', 'A', 'missing'] });
    expect(dialogue.exchange()).toBe('A -missing');
    dialogue.ask({ unsubscribe: ['A', 'missing'] });
    expect(dialogue.exchange()).toBe('A -missing');
  });

  test('X62: giving up names, unknown ones too, is silent', () => {
    const dialogue = new SubscriptionDialogue({ variant: 'delta' }, { A: '1', B: '1' });
    dialogue.ask({ subscribe: ['A', 'B'] });
    dialogue.exchange();
    dialogue.ask({ unsubscribe: ['B', 'never-named'] });
    expect(dialogue.exchange()).toBeUndefined();
  });

  test('X64, X65: absence and removal are told once, and creation after them', () => {
    const dialogue = new SubscriptionDialogue({ variant: 'delta' }, {});
    dialogue.ask({ subscribe: ['A'] });
    expect(dialogue.exchange()).toBe('-A');
    expect(dialogue.exchange()).toBeUndefined();
    dialogue.serve({ A: '1' });
    expect(dialogue.exchange()).toBe('A');
    dialogue.serve({});
    expect(dialogue.exchange()).toBe('-A');
    expect(dialogue.exchange()).toBeUndefined();
    dialogue.serve({ A: '1' });
    expect(dialogue.exchange()).toBe('A');
  });

  test('X66: a name that came and went between two responses is not listed as removed', () => {
    const dialogue = new SubscriptionDialogue({ variant: 'delta' }, { A: '1' });
    dialogue.ask({});
    dialogue.answer();
    dialogue.serve({ A: '1', B: '1' });
    dialogue.serve({ A: '1' });
    dialogue.ask({ nonce: dialogue.nonce });
    expect(dialogue.answer()).toBeUndefined();
  });

  test('X69: deleted and created between two responses is one resource, in one list', () => {
    const dialogue = new SubscriptionDialogue({ variant: 'delta' }, { A: '1' });
    dialogue.ask({});
    dialogue.answer();
    dialogue.serve({});
    dialogue.serve({ A: '2' });
    dialogue.ask({ nonce: dialogue.nonce });
    expect(dialogue.answer()).toBe('A');
  });

  test('X35: a refusal covers the response; only what changes then is sent again', () => {
    const dialogue = new SubscriptionDialogue({ variant: 'delta' }, { A: '1', B: '1' });
    dialogue.ask({});
    dialogue.exchange({ error: REFUSAL });
    dialogue.serve({ A: '2', B: '1' });
    expect(dialogue.exchange()).toBe('A');
    expect([...dialogue.state.unaccepted.keys()]).toEqual(['B']);
  });

  test('X73: a first wildcard with nothing to send gets an empty response', () => {
    const dialogue = new SubscriptionDialogue({ variant: 'delta' }, {});
    dialogue.ask({});
    expect(dialogue.exchange()).toBe('(empty)');
  });
});
