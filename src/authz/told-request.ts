// What a denial tells of its request: read from the bytes only where it is needed, and before anything is waited for.
import { type CheckScan, FIELD } from './check-scan.ts';
import type { CompiledPolicy } from './policy/compiled-policy.ts';

export interface ToldRequest {
  /** Envoy's id of the request (H11); empty where there is none. */
  readonly requestId: string;
  readonly isGrpc: boolean;
  /** RFC 9728, where the policy wants it. */
  readonly metadataUrl: string | undefined;
}

const REQUEST_ID = Buffer.from('x-request-id');
const CONTENT_TYPE = Buffer.from('content-type');
const WELL_KNOWN = '/.well-known/oauth-protected-resource';

export function toldRequest(scan: CheckScan, policy: CompiledPolicy | undefined): ToldRequest {
  const id = scan.header(REQUEST_ID, -1);
  const type = scan.header(CONTENT_TYPE, -1);
  return {
    requestId: id < 0 ? '' : scan.value(id),
    isGrpc: type >= 0 && /^application\/grpc(?:[+;]|$)/.test(scan.value(type)),
    metadataUrl: policy?.settings.resourceMetadata === true ? metadataUrl(scan) : undefined,
  };
}

/** A host that could end the quoted text of a challenge, or lead elsewhere, is not told. */
function metadataUrl(scan: CheckScan): string | undefined {
  const host = scan.text(FIELD.host);
  const resource = scan.text(FIELD.resource);
  if (!/^[\w.:[\]-]{1,255}$/.test(host) || !/^[\w./~%-]*$/.test(resource)) return undefined;
  return `https://${host}${WELL_KNOWN}${resource}`;
}
