// Which authorities are trusted. Types only.

export type TrustedCa = { readonly kind: 'system' } | { readonly kind: 'pem'; readonly pem: string };
