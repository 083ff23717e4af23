// `npm start`: set-up, build, then everything on this machine with the quickstart. One process, so that Ctrl-C ends it in order.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

if (process.argv.includes('--help')) {
  process.stdout.write(
    'usage: npm start [-- OPTION…]\n' +
      'Sets up, builds and runs `chancery up --demo -c envoy/quickstart/gateway.yaml`;\n' +
      'options go to `up`, for instance: npm start -- --xds-port 18010\n',
  );
  process.exit(0);
}

for (const script of ['scripts/setup.mjs', 'scripts/build.mjs']) {
  const { status } = spawnSync(process.execPath, [path.join(root, script)], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
const main = path.join(root, 'dist/main.js');
process.argv.splice(1, 1, main, 'up', '--demo', '-c', 'envoy/quickstart/gateway.yaml');
await import(pathToFileURL(main).href);
