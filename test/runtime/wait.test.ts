import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { installWait } from '../../runtime/wait.ts';
import { loadModel } from '../../runtime/model.ts';
import { picture, plan, shaders, testAdapters, weights } from './tiny.ts';

let turns = 0;
const immediate = globalThis.setImmediate;
function counted(turn: (...args: unknown[]) => void, ...args: unknown[]) {
  turns++;
  return immediate(turn, ...args);
}
Object.defineProperties(counted, Object.getOwnPropertyDescriptors(immediate));
Object.assign(globalThis, { setImmediate: counted });
installWait();

const adapters = await testAdapters();

test('everybody else\'s setImmediate works as before', async () => {
  const order: string[] = [];
  const later = setTimeout(() => order.push('later'), 60_000);
  const before = turns;
  await new Promise<void>((resolve) => {
    setImmediate((word: string) => {
      order.push(word);
      resolve();
    }, 'now');
  });
  await promisify(setImmediate)();
  expect(order).toEqual(['now']);
  clearTimeout(later);
  expect(turns).toBeGreaterThan(before);
});

describe.skipIf(adapters.length === 0).each(adapters.length === 0 ? ['no adapter'] : adapters)('on %s', (adapter) => {
  test('waiting for the GPU does not spin', async () => {
    const model = await loadModel({ plan, shaders: (path) => shaders[path] ?? '', weights, adapter });
    await model.run(picture(1));
    const before = turns;
    // Long enough that a spinning loop would turn hundreds of times.
    await model.run(picture(60_000));
    expect(turns - before).toBeLessThan(20);
    model.close();
  });
});
