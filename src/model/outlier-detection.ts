// When Envoy takes an endpoint out of the rotation for its failures. Types only.
export interface OutlierDetection {
  readonly consecutive5xx: number;
  readonly consecutiveGatewayFailures?: number;
  readonly consecutiveLocalOriginFailures?: number;
  readonly intervalMs: number;
  readonly baseEjectionTimeMs: number;
  readonly maxEjectionTimeMs: number;
  readonly maxEjectionPercent: number;
}
