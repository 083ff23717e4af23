// ShouldRateLimit that gives the same bytes whatever it is asked, by grpc-js alone, in a process of its own: what the transport costs.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Server, ServerCredentials } from '@grpc/grpc-js';

export const METHOD = '/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit';

/** `reply`: the bytes. Gives the endpoint and the process id; ends with this process. */
export function startConstantLimiter(reply) {
  const child = fork(fileURLToPath(import.meta.url), ['constant', reply.toString('base64')], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: ['--max-semi-space-size=64'],
  });
  process.on('exit', () => child.kill('SIGKILL'));
  return new Promise((resolve, reject) => {
    child.once('message', (port) => resolve({ endpoint: `127.0.0.1:${Number(port)}`, pid: child.pid, stop: () => child.kill('SIGKILL') }));
    child.once('exit', () => reject(new Error('the constant server ended')));
  });
}

if (process.argv[2] === 'constant' && process.send) {
  const reply = Buffer.from(process.argv[3], 'base64');
  const same = (bytes) => bytes;
  const method = {
    path: METHOD,
    requestStream: false,
    responseStream: false,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
  const server = new Server({ 'grpc.enable_channelz': 0 });
  server.addService({ ShouldRateLimit: method }, { ShouldRateLimit: (_call, callback) => callback(null, reply) });
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
    if (error) throw error;
    process.send(port);
  });
  process.on('disconnect', () => process.exit(0));
}
