// One delta ADS stream to the control plane: asks for policies, key sets and secrets, hands responses on in order, and acknowledges each only
// when it is applied everywhere (authz D5). It connects once; whoever made it decides about the next.
import { type ChannelCredentials, Client, type ClientDuplexStream, type ClientOptions } from '@grpc/grpc-js';
import type { EnvoyApi } from '../proto/api.ts';
import {
  answerRequest,
  firstRequest,
  type HeldVersions,
  type PolicyResponse,
  type PolicyType,
  readResponse,
} from './policy-subscription.ts';

const METHOD = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources';

export interface PolicyStreamOptions {
  readonly api: EnvoyApi;
  /** `host:port` of the control plane. */
  readonly server: string;
  /** Name in its certificate; absent: the host of `server`. */
  readonly serverName?: string;
  readonly credentials: ChannelCredentials;
  readonly gateway: string;
  readonly node: object;
  readonly held: HeldVersions;
  /** What it asks for. */
  readonly types: readonly PolicyType[];
  /** Applies a response; gives the reason of a NACK, if any. */
  readonly onResponse: (response: PolicyResponse) => Promise<string | undefined>;
  /** The stream is over, whoever ended it; called once. */
  readonly onEnd: (reason: string) => void;
}

export interface PolicyStream {
  /** Ends it in order: the control plane then knows that we leave, and takes our endpoints back. */
  halfClose(): void;
  /** Drops it. */
  cancel(): void;
}

const CHANNEL: ClientOptions = {
  'grpc.max_receive_message_length': -1,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 20_000,
  'grpc.use_local_subchannel_pool': 1,
  // Environment variables for proxies are meant for the world outside.
  'grpc.enable_http_proxy': 0,
};

type Call = ClientDuplexStream<Buffer, Buffer>;

export function openPolicyStream(options: PolicyStreamOptions): PolicyStream {
  const { api, gateway, node, held, types, onEnd } = options;
  const client = new Client(options.server, options.credentials, {
    ...CHANNEL,
    ...(options.serverName === undefined ? {} : { 'grpc.ssl_target_name_override': options.serverName }),
  });
  const call: Call = client.makeBidiStreamRequest(METHOD, same, same);
  let isOver = false;
  let last: Promise<void> = Promise.resolve();
  const end = (reason: string): void => {
    if (isOver) return;
    isOver = true;
    client.close();
    onEnd(reason);
  };
  call.on('data', (bytes: Buffer) => {
    last = last
      .then(() => answer(bytes, call, options))
      .catch((error: unknown) => {
        call.cancel();
        end(error instanceof Error ? error.message : String(error));
      });
  });
  // `status` tells the same, and comes in any case.
  call.on('error', () => {});
  call.on('status', ({ code, details }) => end(code === 0 ? 'the control plane ended the stream' : details));
  for (const [index, type] of types.entries()) call.write(firstRequest(api, type, { held, ...(index === 0 ? { node } : {}) }));
  return {
    halfClose: () => call.end(),
    cancel: () => {
      call.cancel();
      end(`the stream of ${gateway} was given up`);
    },
  };
}

async function answer(bytes: Buffer, call: Call, { api, gateway, onResponse }: PolicyStreamOptions): Promise<void> {
  const response = readResponse(api, bytes, gateway);
  if (response === undefined) return;
  const reason = await onResponse(response);
  if (!call.destroyed && !call.writableEnded) call.write(answerRequest(api, response, reason));
}

function same(bytes: Buffer): Buffer {
  return bytes;
}
