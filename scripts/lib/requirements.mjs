// What the machine must bring itself. Runs on Nodes that are too old for the rest, so it uses plain syntax only.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fail } from './say.mjs';

/** Ends set-up when this Node is older than package.json's `engines` allow. */
export function requireNode(root) {
  const wanted = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).engines.node.replace('>=', '');
  if (isOlder(process.versions.node, wanted)) {
    fail(`Node ${process.versions.node} is too old`, `install Node ${wanted} or newer (https://nodejs.org, or \`nvm install\`)`);
  }
}

function isOlder(found, wanted) {
  const [a, b] = [found, wanted].map((version) => version.split('.').map(Number));
  const at = a.findIndex((part, index) => part !== b[index]);
  return at >= 0 && a[at] < b[at];
}
