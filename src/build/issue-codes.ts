// The codes of mistakes that show only when resources are made or gateways meet: CH3xxx, stable for ever (O5); docs/errors.md explains each.

export const PIPELINE_ISSUE_CODES = {
  CH3001: 'Envoy would refuse a resource.',
  CH3002: 'Two root files define the same gateway.',
  CH3003: 'A resource refers to one that does not exist.',
  CH3004: 'A certificate expires soon.',
  CH3005: 'An edit removes much at once.',
  CH3006: 'An Envoy refused this before.',
} as const;

export type PipelineIssueCode = keyof typeof PIPELINE_ISSUE_CODES;
