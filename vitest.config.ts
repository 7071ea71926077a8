import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    // The package's own doors, as users name them, lead to the sources.
    alias: [
      { find: /^netloom$/, replacement: source('compiler/index.ts') },
      { find: /^netloom\/runtime$/, replacement: source('runtime/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
  },
});
