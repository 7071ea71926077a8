// Run by memory.test.ts as a process of its own: a thousand runs after a few hundred to settle; prints by how many bytes the
// process grew meanwhile.

import { loadModel } from '../../runtime/model.ts';
import { picture, plan, shaders, weights } from './tiny.ts';

const model = await loadModel({ plan, shaders: (path) => shaders[path] ?? '', weights, adapter: process.argv[2] ?? '' });
const image = picture(64);
const runs = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await model.run(image);
  globalThis.gc?.();
  return process.memoryUsage().rss;
};
const before = await runs(300);
console.log(await runs(1000) - before);
model.close();
