// Finds RSA moduli made by a library whose primes have a known form (CVE-2017-15361, "ROCA"): they can be factored.

/** Each small prime with the residues that a power of 65537 has by it. A modulus of that library has such a residue by every one. */
const MARKS: readonly { readonly prime: bigint; readonly residues: ReadonlySet<bigint> }[] = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139,
  149, 151, 157, 163, 167,
].map((prime) => ({ prime: BigInt(prime), residues: powersBy(BigInt(prime)) }));

/** True for the form; by chance for less than one honest modulus in 2^27. */
export function hasRocaForm(modulus: bigint): boolean {
  return MARKS.every(({ prime, residues }) => residues.has(modulus % prime));
}

function powersBy(prime: bigint): ReadonlySet<bigint> {
  const residues = new Set<bigint>();
  for (let power = 1n; !residues.has(power); power = (power * 65537n) % prime) residues.add(power);
  return residues;
}
