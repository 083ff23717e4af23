export function findBrowser(root: string): { readonly program: string; readonly env: Readonly<Record<string, string>> };
