// Where this user's caches lie, by the conventions of the platform.

import { join } from 'node:path';

/** netloom's folder among them; undefined where the environment does not say whose they are. */
export function userCache(env: Readonly<Record<string, string | undefined>>, platform: string = process.platform): string | undefined {
  const said = (name: string, ...below: readonly string[]): string | undefined => {
    const folder = env[name] ?? '';
    return folder === '' ? undefined : join(folder, ...below);
  };
  const usual = platform === 'win32' ? said('LOCALAPPDATA') : platform === 'darwin' ? said('HOME', 'Library', 'Caches') : said('HOME', '.cache');
  const folder = said('XDG_CACHE_HOME') ?? usual;
  return folder === undefined ? undefined : join(folder, 'netloom');
}
