// Makes Envoy's API usable from TypeScript: descriptors (JSON for proto-loader), field constraints
// (validate.rules) and types. Source: the pinned wheel of protos/envoy-api.pin.json, and our own
// resources in protos/chancery/policy. Idempotent.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { apiStamp, isApiCurrent, ownProtos, stampFile } from './lib/envoy-api.mjs';
import { takeLock } from './lib/lock.mjs';
import { fetchWheel } from './lib/python.mjs';
import { fail, say, seconds } from './lib/say.mjs';
import { sha256File, writeAtomically } from './lib/stamp.mjs';

const RULES = '.validate.rules';
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
const outDir = path.join(root, 'generated');
const typesDir = path.join(root, 'src/proto/generated');

if (process.argv.includes('--help')) {
  process.stdout.write(
    'usage: node scripts/generate.mjs [--force]\n' +
      'Writes generated/envoy-api.json, generated/envoy-api-constraints.json and src/proto/generated/.\n' +
      'CHANCERY_ENVOY_API=FILE takes a FileDescriptorSet of your own (buf build -o FILE) instead of the pinned one.\n',
  );
  process.exit(0);
}

const pin = JSON.parse(readFileSync(path.join(root, 'protos/envoy-api.pin.json'), 'utf8'));
const own = process.env.CHANCERY_ENVOY_API;
const isForced = process.argv.includes('--force');
if (isApiCurrent(root) && !isForced) process.exit(0);
takeLock(root, 'generate');
if (isApiCurrent(root) && !isForced) process.exit(0);

const startedAt = Date.now();
// A run that is interrupted from here on is repeated.
rmSync(stampFile(root), { force: true });
say("generating Envoy's API (descriptors, constraints, types)");
const setBytes = own ? readFileSync(own) : pinnedDescriptorSet();
const wellKnownSet = wellKnownTypes();
mkdirSync(outDir, { recursive: true });
writeAtomically(path.join(outDir, 'envoy-api.json'), JSON.stringify(descriptorJson(setBytes)));
writeAtomically(path.join(outDir, 'envoy-api-constraints.json'), JSON.stringify(constraints(setBytes)));
generateTypes();
writeAtomically(stampFile(root), apiStamp(root));
say(`Envoy's API is generated (${seconds(startedAt)})`);

function pinnedDescriptorSet() {
  const { python, wheel } = fetchWheel(root, pin);
  const output = path.join(outDir, 'envoy-api.binpb');
  mkdirSync(outDir, { recursive: true });
  execFileSync(python, [path.join(root, 'scripts/api-descriptors.py'), wheel, output], { stdio: ['ignore', 'ignore', 'inherit'] });
  const bytes = readFileSync(output);
  const found = sha256File(output);
  if (found !== pin.descriptorSetSha256) {
    fail(
      `the descriptor set of ${pin.package} ${pin.version} has SHA-256 ${found}, the pin says ${pin.descriptorSetSha256}`,
      'check protos/envoy-api.pin.json',
    );
  }
  return bytes;
}

/** google.protobuf.* as protobufjs carries it: the wheel leaves it to its protobuf runtime. */
function wellKnownTypes() {
  const protobuf = require('protobufjs8');
  require('protobufjs8/ext/descriptor.js');
  const wellKnown = new protobuf.Root();
  wellKnown.addJSON(require('protobufjs8/google/protobuf/descriptor.json').nested);
  for (const name of ['any', 'duration', 'struct', 'timestamp', 'wrappers', 'empty', 'field_mask']) {
    wellKnown.addJSON(protobuf.common.get(`google/protobuf/${name}.proto`).nested);
  }
  wellKnown.resolveAll();
  return wellKnown.toDescriptor('proto3').file;
}

function completeRoot(bytes) {
  const protobuf = require('protobufjs8');
  const descriptor = require('protobufjs8/ext/descriptor.js');
  const set = descriptor.FileDescriptorSet.decode(bytes);
  set.file = [...wellKnownSet, ...set.file.filter((file) => !file.name.startsWith('google/protobuf/'))];
  return protobuf.Root.fromDescriptor(set);
}

/** The JSON form that proto-loader's fromJSON reads, with the field names of the .proto files: Envoy's API and our own resources beside it. */
function descriptorJson(bytes) {
  const protobuf = require('protobufjs8');
  const complete = completeRoot(bytes);
  for (const file of ownProtos(root)) protobuf.parse(readFileSync(file, 'utf8'), complete, { keepCase: true });
  const json = complete.resolveAll().toJSON({ keepComments: false });
  restoreProtoNames(json);
  return json;
}

/** protobufjs 8 writes camelCase names beside a protoName; proto-loader knows only the name (an Any would lose its type). */
function restoreProtoNames(node) {
  const protoNames = new Map(Object.entries(node.fields ?? {}).map(([name, field]) => [name, field.protoName ?? name]));
  for (const oneof of Object.values(node.oneofs ?? {})) oneof.oneof = oneof.oneof.map((name) => protoNames.get(name) ?? name);
  for (const [name, field] of Object.entries(node.fields ?? {})) {
    if (field.protoName) {
      delete node.fields[name];
      node.fields[field.protoName] = { ...field, protoName: undefined };
    }
  }
  for (const child of Object.values(node.nested ?? {})) restoreProtoNames(child);
}

/** type name -> { fields: field -> rules, oneofs: names of which one must be set }, from validate.rules. */
function constraints(bytes) {
  const all = completeRoot(bytes);
  const set = all.lookupType('google.protobuf.FileDescriptorSet');
  const decoded = set.toObject(set.decode(bytes), { enums: String, longs: Number, bytes: String });
  const table = {};
  for (const file of decoded.file) {
    for (const message of file.messageType ?? []) collectConstraints(message, `${file.package}.${message.name}`, table);
  }
  return table;
}

function collectConstraints(message, typeName, table) {
  const fields = {};
  for (const field of message.field ?? []) {
    const rules = field.options?.[RULES] ?? field.options?.['validate.rules'];
    if (rules) fields[field.name] = rules;
  }
  const oneofs = (message.oneofDecl ?? [])
    .filter((one) => one.options?.['.validate.required'] ?? one.options?.['validate.required'])
    .map((one) => one.name);
  if (Object.keys(fields).length > 0 || oneofs.length > 0) {
    table[typeName] = { fields, ...(oneofs.length > 0 ? { oneofs } : {}) };
  }
  for (const nested of message.nestedType ?? []) collectConstraints(nested, `${typeName}.${nested.name}`, table);
}

function generateTypes() {
  rmSync(typesDir, { recursive: true, force: true });
  const cli = path.join(path.dirname(require.resolve('@grpc/proto-loader/package.json')), 'build/bin/proto-loader-gen-types.js');
  execFileSync(
    process.execPath,
    [
      cli,
      '--keepCase',
      '--longs=Number',
      '--enums=String',
      '--oneofs',
      '--grpcLib=@grpc/grpc-js',
      '--importFileExtension=.ts',
      '--inputTemplate=%s',
      '--outputTemplate=%sOutput',
      '-O',
      typesDir,
      path.join(outDir, 'envoy-api.json'),
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  // The last file it writes describes the root package, which has no services of ours.
  rmSync(path.join(typesDir, 'envoy-api.json'), { force: true });
}
