// What an edit does to the connections of clients, from the models before and after (B15).
import { drainsOf, type ListenerDrain } from '../compiler/drains.ts';
import { createListenerPass } from '../compiler/listener-pass.ts';
import type { Model } from '../model/types.ts';

/** Only the listeners that lose connections. */
export function listenerDrains(before: Model, after: Model): readonly ListenerDrain[] {
  return drainsOf(messagesOf(before), messagesOf(after)).filter(({ impact }) => impact !== 'none');
}

function messagesOf(model: Model): Parameters<typeof drainsOf>[0] {
  return createListenerPass()(model).flatMap(({ resource }) => (resource.kind === 'Listener' ? [resource.message] : []));
}
