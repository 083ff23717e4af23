// Which endpoints are taken out of rotation because of the answers they give.
import type { z } from 'zod';
import { duration } from './duration.ts';
import type { Immutable } from './immutable.ts';
import { integer, percent, UINT32_MAX } from './number.ts';
import { shape } from './shape.ts';

const COUNT = { min: 0, max: UINT32_MAX };

export const outlierDetectionSchema = shape(
  {
    consecutive5xx: integer(COUNT).exactOptional().describe('Ejected after so many 5xx answers in a row; 0 switches it off. Default 5.'),
    consecutiveGatewayFailures: integer(COUNT)
      .exactOptional()
      .describe('Ejected after so many 502, 503 or 504 in a row; 0 or absent switches it off.'),
    consecutiveLocalOriginFailures: integer(COUNT)
      .exactOptional()
      .describe('Ejected after so many failures to connect or timeouts in a row, counted apart from answers. Absent: counted as 5xx.'),
    interval: duration().exactOptional().describe('Time between sweeps. Default 10s.'),
    baseEjectionTime: duration().exactOptional().describe('Ejection lasts this long, times the number of ejections. Default 30s.'),
    maxEjectionTime: duration().exactOptional().describe('Longest ejection. Default 300s, or baseEjectionTime where that is longer.'),
    maxEjectionPercent: percent().exactOptional().describe('Share of endpoints that may be out at once (at least one may). Default 10.'),
  },
  { insteadOfScalar: 'an empty map, {}, takes all defaults' },
).describe('Take endpoints out of rotation while they fail. An empty map takes all defaults.');

export type OutlierDetectionConfig = Immutable<z.output<typeof outlierDetectionSchema>>;
