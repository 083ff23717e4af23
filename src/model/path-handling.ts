// How a listener treats request paths before routing. Types only.

export interface PathHandling {
  readonly escapedSlashes: 'keep' | 'reject' | 'redirect' | 'unescape';
  readonly mergeSlashes: boolean;
  /** What happens to paths with a `;`: some backends cut a segment there, and would serve a path that no route protects. */
  readonly parameters: 'reject' | 'allow';
}
