// Header changes of a route → the four header fields of Envoy's Route. Envoy removes first, then adds in the order of the list.
import type { HeaderChanges } from '../model/types.ts';
import type { HeaderValueOption } from '../proto/generated/envoy/config/core/v3/HeaderValueOption.ts';
import type { Route } from '../proto/generated/envoy/config/route/v3/Route.ts';

type HeaderFields = Pick<
  Route,
  'request_headers_to_add' | 'request_headers_to_remove' | 'response_headers_to_add' | 'response_headers_to_remove'
>;

/** Only the fields that hold something. */
export function compileHeaderChanges(request: HeaderChanges, response: HeaderChanges): HeaderFields {
  const toRequest = compileAdditions(request);
  const toResponse = compileAdditions(response);
  return {
    ...(toRequest.length > 0 ? { request_headers_to_add: toRequest } : {}),
    ...(request.remove.length > 0 ? { request_headers_to_remove: [...request.remove] } : {}),
    ...(toResponse.length > 0 ? { response_headers_to_add: toResponse } : {}),
    ...(response.remove.length > 0 ? { response_headers_to_remove: [...response.remove] } : {}),
  };
}

function compileAdditions(changes: HeaderChanges): HeaderValueOption[] {
  return [
    ...Object.entries(changes.set).map(([name, value]) => addition(name, value, 'OVERWRITE_IF_EXISTS_OR_ADD')),
    ...Object.entries(changes.add).map(([name, value]) => addition(name, value, 'APPEND_IF_EXISTS_OR_ADD')),
  ];
}

/**
 * The value is one value, commas included (B45), and may hold Envoy's %COMMANDS%, which `resolve` has checked. An empty one is kept, which
 * Envoy would drop.
 */
function addition(name: string, value: string, action: 'OVERWRITE_IF_EXISTS_OR_ADD' | 'APPEND_IF_EXISTS_OR_ADD'): HeaderValueOption {
  return {
    header: { key: name, value },
    append_action: action,
    ...(value === '' ? { keep_empty_value: true } : {}),
  };
}
