import { describe, expect, it } from 'vitest';
import { shownPath } from '../../../src/lib/shown-path.ts';

describe('a file as a person is told of it', () => {
  it('is relative below the working directory and absolute elsewhere', () => {
    expect(shownPath('/srv/edge/gateway.yaml', '/srv')).toBe('edge/gateway.yaml');
    expect(shownPath('/etc/gateway.yaml', '/srv')).toBe('/etc/gateway.yaml');
  });
});
