// Files, YAML, includes and references: CH10xx. Each with what docs/errors.md says of it.

export const FILE_CODES = {
  CH1001: {
    title: 'A file cannot be read.',
    cause: 'It does not exist, is a directory, or may not be read by the user that runs the command.',
    example: 'chancery validate -c gatway.yaml',
    cure: 'Name a file that exists and can be read: chancery validate -c gateway.yaml',
  },
  CH1002: {
    title: 'A file is too large.',
    cause:
      'A configuration file has at most 10 MiB and about four million tokens, a file named by ${file:…} at most 1 MiB; more is a mistake or an attack.',
    example: 'gateway.yaml with 50 MB',
    cure: 'Split the file and name the parts in include.',
  },
  CH1003: {
    title: 'A file is not UTF-8 text.',
    cause: 'YAML is read as UTF-8, with or without a byte order mark.',
    example: 'a file saved as UTF-16 or Latin-1',
    cure: 'Save the file as UTF-8.',
  },
  CH1004: {
    title: 'A file is not valid YAML.',
    cause: 'A quote or bracket is open, indentation is uneven or has tabs, or a text with a special character has no quotes.',
    example: 'hostnames: [shop.example.com',
    cure: 'hostnames: [shop.example.com]',
  },
  CH1005: {
    title: 'A file holds several documents.',
    cause: 'What belongs to which document would depend on order.',
    example: 'version: v1\n---\nroutes: []',
    cure: 'Write one document in a file and name further files in include.',
  },
  CH1006: {
    title: 'A key or name is there twice.',
    cause: 'One of the two would win silently. Names are unique over all files of a gateway.',
    example: 'services:\n  orders: {endpoints: [a:80]}\n  orders: {endpoints: [b:80]}',
    cure: 'Rename or remove one of the two; both places are printed.',
  },
  CH1007: {
    title: 'An alias (*name) is wrong or too much.',
    cause:
      'Its anchor (&name) is not above it in the same file, it stands inside its own anchor, or aliases of aliases multiply the file a hundredfold.',
    example: 'hostnames: *hosts',
    cure: 'Define the anchor first: hostnames: &hosts [shop.example.com]. A text that begins with * needs quotes: "*.example.com".',
  },
  CH1008: {
    title: 'A YAML tag is used.',
    cause: 'Tags (!name) have no meaning in this language.',
    example: 'gateway: !name edge',
    cure: 'gateway: edge',
  },
  CH1009: {
    title: 'A value that other YAML readers take for something else (warning).',
    cause: 'YAML 1.1 reads on, off, yes and no as true or false, and bare dates and 10:30 as times. Here they are texts.',
    example: 'requestHeaders: {set: {x-debug: on}}',
    cure: 'requestHeaders: {set: {x-debug: "on"}}',
  },
  CH1010: {
    title: 'A pattern of include matches no file (warning).',
    cause: 'The pattern may be misspelt, or its files are not there yet; they are taken in as soon as they appear.',
    example: 'include: [team/*.yaml]',
    cure: 'include: [teams/*.yaml]',
  },
  CH1011: {
    title: 'An included file does not exist.',
    cause: 'A path without *, ** and ? in include must name a file.',
    example: 'include: [servces.yaml]',
    cure: 'include: [services.yaml]',
  },
  CH1012: {
    title: 'A section stands in an included file but belongs in the root file.',
    cause: 'Included files hold listeners, certificates, services and routes; the rest is said once, in the root file.',
    example: 'teams/checkout.yaml with gateway: edge',
    cure: 'Move the section to the root file.',
  },
  CH1013: {
    title: 'A key is not plain text.',
    cause: 'Keys are words: no lists, maps, aliases, empty keys or references, and not __proto__.',
    example: '? [a, b]\n: 1',
    cure: 'Write the key as a word.',
  },
  CH1014: {
    title: 'Lists and maps are nested too deep.',
    cause: 'The limit is 100; the language itself needs about ten.',
    example: '[[[[[[ …',
    cure: 'Look for brackets or dashes that were not meant.',
  },
  CH1015: {
    title: 'A file holds no configuration.',
    cause: 'It is empty, holds only comments, or is a list or text where a map of sections is expected.',
    example: '# to do',
    cure: 'Begin with version: v1 and gateway: NAME; `chancery schema` prints all keys.',
  },
  CH1016: {
    title: 'A merge key (<<) is used.',
    cause: 'Merge keys are not part of YAML 1.2, and what they override is hard to see.',
    example: 'orders-v2: {<<: *orders, endpoints: [b:80]}',
    cure: 'orders-v2: {like: orders-v1, endpoints: [b:80]}',
  },
  CH1020: {
    title: 'An environment variable is not set.',
    cause: '${env:NAME} without a default needs the variable.',
    example: 'gateway: "${env:GATEWAY}"',
    cure: 'Set the variable, or write a default: "${env:GATEWAY:-edge}"',
  },
  CH1021: {
    title: 'A file named by ${file:…} cannot be read.',
    cause: 'It does not exist, is no regular file, or is not UTF-8 text. Paths are relative to the file that names them.',
    example: 'key: "${file:shop.key}"',
    cure: 'key: "${file:certs/shop.key}"',
  },
  CH1022: {
    title: 'A reference is malformed.',
    cause: 'Only ${env:NAME}, ${env:NAME:-default} and ${file:PATH} are known.',
    example: 'gateway: "${GATEWAY}"',
    cure: 'gateway: "${env:GATEWAY}"; a literal ${ is written $${',
  },
} as const;
