// An answer of the gateway's own → Envoy's DirectResponseAction; its content type travels among the response headers.
import type { HeaderChanges, RespondAction } from '../model/types.ts';
import type { DirectResponseAction } from '../proto/generated/envoy/config/route/v3/DirectResponseAction.ts';
import { literalText } from './substitution-text.ts';

/** Envoy refuses longer bodies; its own default is 4 KiB. */
export const MAX_DIRECT_RESPONSE_BYTES = 1_048_576;

export function compileDirectResponse(action: RespondAction): DirectResponseAction {
  const { status, body, format, contentType } = action;
  return {
    status,
    ...(body === undefined ? {} : { body: { inline_string: body } }),
    ...(format === undefined
      ? {}
      : {
          body_format: {
            text_format_source: { inline_string: format },
            ...(contentType === undefined ? {} : { content_type: contentType }),
          },
        }),
  };
}

/** Envoy says `text/plain` of every body; the route's own `responseHeaders` win over both. */
export function withContentType(changes: HeaderChanges, { contentType }: RespondAction): HeaderChanges {
  return contentType === undefined ? changes : { ...changes, set: { 'content-type': literalText(contentType), ...changes.set } };
}
