// The forms in which a build can be shown, as plain data.
import { redactResource } from '../admin/redact.ts';
import { withoutPlaces } from '../build/model-changes.ts';
import type { DetailedGood } from '../build/pipeline.ts';
import { compileStaticBootstrap } from '../compiler/static-bootstrap.ts';
import type { CompiledResource } from '../compiler/types.ts';
import { ChanceryError } from '../lib/errors.ts';
import { type EnvoyApi, loadEnvoyApi } from '../proto/api.ts';
import { TYPE_URLS, typeNameOf } from '../proto/type-urls.ts';

export type RenderForm = 'envoy' | 'resources' | 'model';

export interface RenderOptions {
  /** Only resources of this type: a short name such as `Cluster`, or a type URL. */
  readonly type: string | undefined;
  /** Otherwise hashes stand in the place of secrets (C7). The model never shows them: nothing reads it that needs them. */
  readonly withSecrets: boolean;
}

/** Throws ERR_USAGE for a type that the build has no resource of. */
export function renderForm(build: DetailedGood, form: RenderForm, options: RenderOptions): unknown {
  switch (form) {
    case 'model':
      return withoutPlaces(build.model);
    case 'resources':
      return renderResources(build, loadEnvoyApi(), options);
    case 'envoy':
      return renderEnvoy(build, loadEnvoyApi(), options);
    default:
      return form satisfies never;
  }
}

function renderEnvoy({ compilation }: DetailedGood, api: EnvoyApi, { withSecrets }: RenderOptions): unknown {
  const json = api.toJson('envoy.config.bootstrap.v3.Bootstrap', compileStaticBootstrap(compilation));
  return withSecrets ? json : redactResource('type.googleapis.com/envoy.config.bootstrap.v3.Bootstrap', json);
}

function renderResources({ compilation }: DetailedGood, api: EnvoyApi, { type, withSecrets }: RenderOptions): unknown {
  const chosen = compilation.resources.filter(({ kind }) => type === undefined || kind === type || TYPE_URLS[kind] === type);
  if (chosen.length === 0 && type !== undefined) {
    const kinds = [...new Set(compilation.resources.map(({ kind }) => kind))].join(', ');
    throw new ChanceryError('ERR_USAGE', `there are no resources of type ${type}`, { remedy: `the types here are ${kinds}` });
  }
  return chosen.map((resource) => {
    const json = resourceJson(resource, api);
    return { type: resource.kind, name: resource.name, resource: withSecrets ? json : redactResource(TYPE_URLS[resource.kind], json) };
  });
}

function resourceJson({ kind, message }: CompiledResource, api: EnvoyApi): unknown {
  return api.toJson(typeNameOf(TYPE_URLS[kind]), message);
}
