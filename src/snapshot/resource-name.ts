// Names of the form `xdstp://authority/type/path?parameters` (xRFC TP1), which compare after normalisation, and the collections that end in
// `/*`. Every other name is a plain text in which no letter has a meaning (X40).

const SCHEME = 'xdstp:';
/** Percent-encoded these mean something else than bare, so they stay encoded. */
const RESERVED = /[/?#%&=*]/g;

export function isXdstp(name: string): boolean {
  return name.startsWith(SCHEME);
}

/** Without directives, percent-decoded where that changes no meaning, parameters in their order; plain names as they are (X91). */
export function normalName(name: string): string {
  if (!isXdstp(name)) return name;
  const [bare = ''] = name.split('#', 1);
  const { path, query } = parts(bare);
  const parameters = query.split('&').map(decoded).sort().join('&');
  return `${decoded(path)}${parameters === '' ? '' : `?${parameters}`}`;
}

/** Whether a normal name asks for all members of a collection (X92). */
export function isCollection(name: string): boolean {
  return isXdstp(name) && parts(name).path.endsWith('/*');
}

/** The collection that holds a normal `xdstp:` name: one level up, with equal parameters. */
export function collectionOf(name: string): string {
  const { path, query } = parts(name);
  return `${path.slice(0, path.lastIndexOf('/'))}/*${query === '' ? '' : `?${query}`}`;
}

function parts(name: string): { readonly path: string; readonly query: string } {
  const at = name.indexOf('?');
  return at < 0 ? { path: name, query: '' } : { path: name.slice(0, at), query: name.slice(at + 1) };
}

function decoded(text: string): string {
  return text.replaceAll(/(?:%[0-9a-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded).replaceAll(RESERVED, encodeReserved);
    } catch {
      return encoded.toUpperCase();
    }
  });
}

function encodeReserved(letter: string): string {
  return `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;
}
