// Host names, and which of several routes that fit is asked first (C1). ORDER in a host name is replaced by the test.
import { type Group, header } from './group.ts';

export const PRECEDENCE: readonly Group[] = [
  {
    title: 'host names: exact, then the longest wildcard, then any; port and case of letters have no meaning',
    routes: {
      exact: { hostnames: ['shop.example.ORDER'] },
      wildcard: { hostnames: ['*.example.ORDER'] },
      longer: { hostnames: ['*.eu.example.ORDER'] },
      apex: { hostnames: ['example.ORDER', 'other.ORDER'] },
    },
    asks: [
      [{ host: 'shop.example.ORDER' }, 'exact'],
      [{ host: 'shop.example.ORDER:8443' }, 'exact'],
      [{ host: 'SHOP.Example.ORDER' }, 'exact'],
      [{ host: 'www.example.ORDER' }, 'wildcard'],
      [{ host: 'www.example.ORDER:10000' }, 'wildcard'],
      [{ host: 'a.b.example.ORDER' }, 'wildcard'],
      [{ host: 'shop.eu.example.ORDER' }, 'longer'],
      [{ host: 'example.ORDER' }, 'apex'],
      [{ host: 'other.ORDER:80' }, 'apex'],
      [{ host: 'notexample.ORDER' }, '404'],
    ],
  },
  {
    title: 'host names: where no route of the narrower host fits, those of the wider ones are asked',
    routes: {
      exact: { hostnames: ['x.fall.ORDER'], matches: [{ path: { prefix: '/exact' } }] },
      wildcard: { hostnames: ['*.fall.ORDER'], matches: [{ path: { prefix: '/wildcard' } }] },
      wider: { hostnames: ['*.ORDER'], matches: [{ path: { prefix: '/' }, headers: { 'x-v': '1' } }] },
    },
    asks: [
      [{ path: '/exact', host: 'x.fall.ORDER' }, 'exact'],
      [{ path: '/wildcard', host: 'x.fall.ORDER' }, 'wildcard'],
      [{ path: '/other', host: 'x.fall.ORDER', ...header('1') }, 'wider'],
      [{ path: '/other', host: 'x.fall.ORDER' }, '404'],
      [{ path: '/exact', host: 'y.fall.ORDER' }, '404'],
      [{ path: '/exact', host: 'y.fall.ORDER', ...header('1') }, 'wider'],
    ],
  },
  {
    title: 'precedence: exact path, longest prefix, template by its literal prefix and then its segments, regex last',
    routes: {
      exact: [{ path: { exact: '/orders/special/x' } }],
      long: [{ path: { prefix: '/orders/special' } }],
      deep: [{ path: { template: '/orders/{id}/items' } }],
      template: [{ path: { template: '/orders/{id}' } }],
      short: [{ path: { prefix: '/orders' } }],
      regex: [{ path: { regex: '/.*' } }],
    },
    asks: [
      ['/orders/special/x', 'exact'],
      ['/orders/special', 'long'],
      ['/orders/special/y', 'long'],
      ['/orders/7', 'template'],
      ['/orders/7/items', 'deep'],
      ['/orders/7/other', 'short'],
      ['/orders', 'short'],
      ['/order', 'regex'],
    ],
  },
  {
    title: 'precedence: then method, then more headers of whatever kind, then more query conditions',
    routes: {
      method: [{ path: { prefix: '/a' }, methods: ['GET'] }],
      headers2: [{ path: { prefix: '/a' }, headers: { 'x-a': { present: true }, 'x-b': { regex: '.*' } } }],
      headers1: [{ path: { prefix: '/a' }, headers: { 'x-a': '1' } }],
      query2: [{ path: { prefix: '/a' }, query: { a: { present: true }, b: { present: true } } }],
      query1: [{ path: { prefix: '/a' }, query: { a: '1' } }],
      plain: [{ path: { prefix: '/a' } }],
      deeper: [{ path: { prefix: '/a/b' } }],
    },
    asks: [
      [{ path: '/a?a=1', headers: { 'x-a': '1', 'x-b': '2' } }, 'method'],
      [{ path: '/a?a=1&b=1', method: 'PUT', headers: { 'x-a': '1', 'x-b': '2' } }, 'headers2'],
      [{ path: '/a?a=1&b=1', method: 'PUT', headers: { 'x-a': '1' } }, 'headers1'],
      [{ path: '/a?a=1&b=1', method: 'PUT' }, 'query2'],
      [{ path: '/a?a=1', method: 'PUT' }, 'query1'],
      [{ path: '/a', method: 'PUT' }, 'plain'],
      [{ path: '/a/b?a=1&b=1', headers: { 'x-a': '1', 'x-b': '2' } }, 'deeper'],
    ],
  },
  {
    title: 'precedence: priority wins over all but the host',
    routes: {
      urgent: { matches: [{ path: { prefix: '/' }, headers: { 'x-v': '1' } }], priority: 10 },
      exact: { matches: [{ path: { exact: '/a' }, methods: ['GET'] }] },
      never: { matches: [{ path: { prefix: '/' } }], priority: -1 },
      'any-host': { hostnames: ['*.ORDER-low'], matches: [{ path: { exact: '/a' } }], priority: 100 },
      'exact-host': { hostnames: ['x.ORDER-low'] },
    },
    asks: [
      [{ path: '/a', ...header('1') }, 'urgent'],
      ['/a', 'exact'],
      ['/b', 'never'],
      [{ path: '/a', host: 'x.ORDER-low' }, 'exact-host'],
      [{ path: '/a', host: 'y.ORDER-low' }, 'any-host'],
    ],
  },
];
