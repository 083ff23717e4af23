// Makes the lazy form of a google.protobuf.Any: a message with its type beside it. Encodes nothing, so the compiler stays pure.
import type { AnyExtension } from '@grpc/proto-loader';
import type { MessageName, Messages } from './messages.ts';
import { TYPE_URL_PREFIX } from './type-urls.ts';

/** The only way to make a typed_config: the type name is known to the compiler, so name and fields must fit each other. */
export function any<Name extends MessageName>(typeName: Name, message: Messages[Name]): AnyExtension & Messages[Name] {
  return { '@type': `${TYPE_URL_PREFIX}${typeName}`, ...message };
}
