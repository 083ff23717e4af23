// Keeps the identity of small values: an equal value gives the object that was given before.

/** Values are compared by their JSON, so they must hold plain data and be small. */
export function createEqualKeeper<Value extends object>(): (value: Value) => Value {
  let kept: { readonly text: string; readonly value: Value } | undefined;
  return (value) => {
    const text = JSON.stringify(value);
    if (kept?.text !== text) {
      kept = { text, value };
    }
    return kept.value;
  };
}
