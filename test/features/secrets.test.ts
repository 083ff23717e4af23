import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuthority, type IssuedCertificate } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { testApi } from '../support/snapshots.ts';
import { callBytes, message, openStream } from '../support/xds-calls.ts';
import { type AppFixture, createAppFixture } from './app-fixture.ts';

const GATEWAY = [
  'version: v1',
  'gateway: edge',
  'certificates: {shop: {cert: "${file:tls.crt}", key: "${file:tls.key}"}}',
  'listeners: {https: {port: 10443, tls: {certificates: [shop]}}}',
  'services: {orders: {endpoints: ["127.0.0.1:9000"]}}',
  'routes: [{name: orders, backends: [orders]}]',
  '',
].join('\n');

const SECRET = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret';

let fixture: AppFixture;
let issued: IssuedCertificate;

beforeEach(async () => {
  issued = await (await createAuthority()).issue({ name: 'shop.test' });
  fixture = await createAppFixture({ 'edge.yaml': GATEWAY, 'tls.crt': issued.cert, 'tls.key': issued.key });
});

afterEach(() => fixture.clean());

describe('a private key', () => {
  it('reaches the Envoy, and no log line, answer of the API, client status or metric (B60, X100)', async () => {
    const running = await fixture.start(['edge.yaml'], { settings: { xdsRestPort: 0 } });
    const canary = issued.key.split('\n')[1] ?? '';
    const stream = openStream({ port: running.xds }, '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources');
    const request = 'envoy.service.discovery.v3.DiscoveryRequest';
    const names = ['certificate/shop'];
    stream.write(message(request, { node: { id: 'n1', cluster: 'edge' }, type_url: SECRET, resource_names: names }));
    const sent = (await stream.nth(0)).toString('latin1');
    expect(sent).toContain(canary);

    // A client that repeats what it was sent in its refusal.
    const { nonce = '' } = testApi().decode('envoy.service.discovery.v3.DiscoveryResponse', stream.received[0] ?? Buffer.alloc(0));
    stream.write(
      message(request, { type_url: SECRET, resource_names: names, response_nonce: nonce, error_detail: { code: 13, message: 'bad key' } }),
    );
    await eventually(() => running.log.some(({ event }) => event === 'xds.nack'), { what: 'the refusal in the log' });

    const everybody = message('envoy.service.status.v3.ClientStatusRequest', { node_matchers: [{ node_id: { exact: 'n1' } }] });
    const status = await callBytes(
      { port: running.xds },
      '/envoy.service.status.v3.ClientStatusDiscoveryService/FetchClientStatus',
      everybody,
    );
    const restPort = Number(running.log.find(({ event }) => event === 'xds.rest')?.['port']);
    const body = JSON.stringify({ node_matchers: [{ node_id: { exact: 'n1' } }] });
    const byRest = await fetch(`http://127.0.0.1:${restPort}/v3/discovery:client_status`, { method: 'POST', body });
    const pages = ['/api/v1/gateways', '/api/v1/nodes', '/api/v1/gateways/edge/resources', '/metrics', '/'];
    const shown = await Promise.all(pages.map(async (page) => (await fetch(`http://127.0.0.1:${running.admin}${page}`)).text()));
    const texts = { status: status.bytes?.toString('latin1') ?? '', byRest: await byRest.text(), shown: shown.join('\n') };
    expect(texts.status).toContain('certificate/shop');
    expect(texts.byRest).toContain('certificate/shop');
    await fixture.workspace.write('tls.key', `${issued.key}nonsense`);
    await fixture.workspace.save('edge.yaml', GATEWAY.replace('[orders]', '[nothing]'), 'rename');
    await eventually(() => running.log.some(({ event }) => event === 'config.refused'), { what: 'the refused edit' });
    for (const text of [...Object.values(texts), JSON.stringify(running.log), running.app.problemsText(false)])
      expect(text).not.toContain(canary);
    stream.close();
  });
});
