import { expect, test } from 'vitest';
import {
  nameOfCertificate,
  nameOfFilterSlot,
  nameOfListener,
  nameOfListenerCa,
  nameOfRoutes,
  nameOfService,
  nameOfServiceCa,
  nameOfVirtualHost,
  RUNTIME_LAYER_NAME,
  SYSTEM_CA_SECRET,
} from '../../../src/compiler/names.ts';

test('C16: resource names are the documented contract', () => {
  expect(nameOfListener('https')).toBe('listener/https');
  expect(nameOfRoutes('https')).toBe('routes/https');
  expect(nameOfService('orders-v1')).toBe('service/orders-v1');
  expect(nameOfCertificate('shop')).toBe('certificate/shop');
  expect(nameOfServiceCa('orders-v1')).toBe('ca/service/orders-v1');
  expect(nameOfListenerCa('https')).toBe('ca/listener/https');
  expect(SYSTEM_CA_SECRET).toBe('ca/system');
  expect(nameOfVirtualHost('https', 'shop.example.com')).toBe('routes/https/shop.example.com');
  expect(nameOfFilterSlot('jwt')).toBe('filter/jwt');
  expect(RUNTIME_LAYER_NAME).toBe('runtime');
});
