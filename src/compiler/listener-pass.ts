// The pass over listeners.
import type { Listener, Model } from '../model/types.ts';
import type { GatewayContext } from './http-connection-manager.ts';
import { compileListener } from './listener.ts';
import { memoised } from './memo.ts';
import { nameOfListener } from './names.ts';
import { type LocatedResource, locateInListener } from './source-map.ts';

export function createListenerPass(): (model: Model) => readonly LocatedResource[] {
  let lastKey: string | undefined;
  let messageOf = memoised((listener: Listener) => compileListener(listener, { gateway: '' }));
  return ({ gateway, accessLog, listeners }) => {
    const context: GatewayContext = { gateway, ...(accessLog === undefined ? {} : { accessLog }) };
    const key = JSON.stringify([gateway, accessLog?.file]);
    if (key !== lastKey) {
      lastKey = key;
      messageOf = memoised((listener: Listener) => compileListener(listener, context));
    }
    return listeners.map((listener) => ({
      resource: { kind: 'Listener', name: nameOfListener(listener.name), message: messageOf(listener), path: listener.path },
      locate: locateInListener(listener, accessLog),
    }));
  };
}
