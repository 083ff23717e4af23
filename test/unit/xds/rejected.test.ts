import { describe, expect, test } from 'vitest';
import { TYPE_URLS } from '../../../src/proto/type-urls.ts';
import { childNames, mentions } from '../../../src/xds/children.ts';
import { namesMeant } from '../../../src/xds/rejected.ts';
import { testResource } from '../../support/snapshots.ts';

describe('what a refusal is about', () => {
  test.each([
    ['Error adding/updating cluster(s) service/b: bad', ['service/a', 'service/b'], ['service/b']],
    ['service/orders-v10: bad', ['service/orders-v1', 'service/orders-v10'], ['service/orders-v10']],
    ['lb policy of b.', ['a', 'b'], ['b']],
    ['x: bad, y: worse', ['y', 'x', 'z'], ['x', 'y']],
    ['no name at all', ['a1', 'b1'], ['a1', 'b1']],
    ['', ['', 'a'], ['', 'a']],
  ])('D15: %j of %j means %j', (message, refused, meant) => {
    expect(namesMeant(refused, message)).toEqual(meant);
  });
});

describe('what a resource names', () => {
  const routes = (cluster: string): object => ({
    name: 'r',
    virtual_hosts: [{ name: 'v', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster } }] }],
  });

  test('a resource mentions whole names only', () => {
    const resource = testResource('RouteConfiguration', 'r', routes('service/orders-v10'));
    expect(mentions(resource, 'service/orders-v10')).toBe(true);
    expect(mentions(resource, 'service/orders-v1')).toBe(false);
    expect(mentions(testResource('RouteConfiguration', 'r', routes('x'.repeat(200))), 'x'.repeat(200))).toBe(true);
  });
});

describe('children', () => {
  test('X78: endpoints are asked by service name, else by the name of the cluster', () => {
    const plain = testResource('Cluster', 'plain', { name: 'plain', type: 'EDS' });
    const named = testResource('Cluster', 'named', { name: 'named', type: 'EDS', eds_cluster_config: { service_name: 'other' } });
    expect([...childNames([plain, named], TYPE_URLS.ClusterLoadAssignment, [])]).toEqual(['plain', 'other']);
  });

  test('X81: of the secrets asked for those that a changed resource names', () => {
    const cluster = testResource('Cluster', 'c', { name: 'c', alt_stat_name: 'ca/system' });
    expect([...childNames([cluster], TYPE_URLS.Secret, ['ca/system', 'ca/sys', 'certificate/x'])]).toEqual(['ca/system']);
  });

  test('X81: where looking would cost too much, all of them', () => {
    const clusters = Array.from({ length: 600 }, (_, index) => testResource('Cluster', `c${index}`, '1'));
    const secrets = Array.from({ length: 100 }, (_, index) => `s${index}`);
    expect([...childNames(clusters, TYPE_URLS.Secret, secrets)]).toEqual(secrets);
  });
});
