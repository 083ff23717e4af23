// Changes to request and response headers.
import { z } from 'zod';
import { changeableHeaderName } from './header-name.ts';
import type { Immutable } from './immutable.ts';
import { shape } from './shape.ts';
import { list, text } from './text.ts';

const valuesSchema = z.record(changeableHeaderName(), text({ kind: 'a header value', allowEmpty: true }));

export const headerChangesSchema = shape(
  {
    set: valuesSchema.exactOptional().describe('Replaces the header, or adds it.'),
    add: valuesSchema.exactOptional().describe('Adds a value and keeps those that are there.'),
    remove: list(changeableHeaderName(), { allowEmpty: true }).exactOptional().describe('Takes the header away.'),
  },
  { insteadOfScalar: 'write {set: {name: value}}, {add: …} or {remove: [name]}' },
).describe('Header changes. Values may hold Envoy’s %COMMANDS%; a literal % is written %%.');

export type HeaderChangesConfig = Immutable<z.output<typeof headerChangesSchema>>;
