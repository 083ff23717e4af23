// Tells whether the generated form of Envoy's API is the one that the pin and the generator of this checkout give.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readIfPresent, sha256 } from './stamp.mjs';

const SOURCES = ['scripts/generate.mjs', 'scripts/api-descriptors.py', 'protos/envoy-api.pin.json'];
const OUTPUTS = ['generated/envoy-api.json', 'generated/envoy-api-constraints.json', 'src/proto/generated/google/protobuf/Any.ts'];

export const stampFile = (root) => path.join(root, 'generated/stamp');

/** Our own xDS resources, in the order of their names. */
export function ownProtos(root) {
  const folder = path.join(root, 'protos/chancery/policy/v1');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.proto'))
    .sort()
    .map((name) => path.join(folder, name));
}

/** Changes when the generator, the pin, the generating packages or the user's own descriptor set change. */
export function apiStamp(root) {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const own = process.env.CHANCERY_ENVOY_API;
  return sha256(
    ...SOURCES.map((file) => readFileSync(path.join(root, file))),
    ...ownProtos(root).map((file) => readFileSync(file)),
    dependencies['@grpc/proto-loader'],
    devDependencies.protobufjs8,
    own ? readFileSync(own) : '',
  );
}

export function isApiCurrent(root) {
  return readIfPresent(stampFile(root)) === apiStamp(root) && OUTPUTS.every((file) => existsSync(path.join(root, file)));
}
