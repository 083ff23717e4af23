// The build thread's side of the channel: runs what is asked and sends builds in the form that travels. Starts nothing by itself.

import { packSnapshot } from '../snapshot/parcel.ts';
import type { Snapshot } from '../snapshot/types.ts';
import type { Build, Builder, Builds } from './build.ts';
import type { BuildAnswer, BuildPort, BuildRequest, SentBuild } from './build-messages.ts';
import { type HeldServices, packDiscovery } from './discovery-parcel.ts';

interface ServedFile {
  readonly builder: Builder;
  /** What the other side holds. */
  sent?: Snapshot;
  sentServices?: HeldServices;
}

/** Answers every request on `port`, for as long as the thread lives. */
export function serveBuilds(port: BuildPort, builds: Builds): void {
  const files = new Map<string, ServedFile>();
  const served = (file: string): ServedFile => {
    const known = files.get(file) ?? { builder: builds.builderOf(file) };
    files.set(file, known);
    return known;
  };
  port.on('message', (request) => {
    answerTo(request, served(request.file)).then(
      (answer) => port.postMessage(answer, buffersOf(answer)),
      (error: unknown) => port.postMessage({ kind: 'failed', id: request.id, error: plainError(error) }, []),
    );
  });
}

async function answerTo(request: BuildRequest, file: ServedFile): Promise<BuildAnswer> {
  const { id } = request;
  switch (request.kind) {
    case 'build': {
      const build = await file.builder.build(request.since === undefined ? undefined : { id: request.since });
      return { kind: 'built', id, build: sentBuild(build, file) };
    }
    case 'refuse':
      return { kind: 'built', id, build: sentBuild(await file.builder.refuse({ id: request.build }, request.refusal), file) };
    case 'texts': {
      const texts = await file.builder.textsOf(request.files);
      return { kind: 'texts', id, ...(texts === undefined ? {} : { texts }) };
    }
    case 'place': {
      const place = await file.builder.placeOf({ id: request.build }, request.typeUrl, request.name);
      return { kind: 'place', id, ...(place === undefined ? {} : { place }) };
    }
    case 'explain': {
      const outcome = await file.builder.explain({ id: request.build }, request.asked);
      return { kind: 'explain', id, ...(outcome === undefined ? {} : { outcome }) };
    }
    default:
      return request satisfies never;
  }
}

function sentBuild({ good, ...build }: Build, file: ServedFile): SentBuild {
  if (good === undefined) return build;
  const { snapshot, discovery, ...rest } = good;
  const parcel = packSnapshot(file.sent, snapshot);
  const { parcel: discoveryParcel, held } = packDiscovery(file.sentServices, discovery);
  file.sent = snapshot;
  file.sentServices = held;
  return { ...build, good: { ...rest, parcel, discoveryParcel } };
}

function buffersOf(answer: BuildAnswer): readonly ArrayBuffer[] {
  return answer.kind === 'built' && answer.build.good !== undefined ? [answer.build.good.parcel.bytes] : [];
}

/** An error that a structured clone keeps; what hangs on it may not be clonable. */
function plainError(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const plain = new Error(error.message);
  if (error.stack !== undefined) plain.stack = error.stack;
  return plain;
}
