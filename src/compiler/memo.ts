// Remembers what was made of an object for as long as the object lives; for functions whose result depends on that object alone.

export function memoised<Input extends object, Output extends object>(make: (input: Input) => Output): (input: Input) => Output {
  const made = new WeakMap<Input, Output>();
  return (input) => {
    const known = made.get(input);
    if (known !== undefined) {
      return known;
    }
    const output = make(input);
    made.set(input, output);
    return output;
  };
}
