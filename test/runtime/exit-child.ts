// Run by exit.test.ts as a process of its own: `exit-child.ts ADAPTER WAY` ends in one of the ways a program can end.

import { openDevice } from '../../runtime/device.ts';
import { MachineError } from '../../runtime/errors.ts';
import { loadModel } from '../../runtime/model.ts';
import { picture, plan, shaders, weights } from './tiny.ts';

const [adapter = '', way = ''] = process.argv.slice(2);

if (way === 'opened') {
  await openDevice({ adapter });
} else {
  const model = await loadModel({ plan, shaders: (path) => shaders[path] ?? '', weights, adapter });
  const run = model.run(picture(20_000));
  if (way === 'done') {
    const { edges } = await run;
    console.log(edges.data.length);
  }
  if (way === 'exit while running') {
    run.catch(() => undefined);
    process.exit(3);
  }
  if (way === 'throw while running') throw new MachineError('thrown on purpose');
  if (way === 'lost while running') {
    model.device.gpu.destroy();
    await run.catch((fault: unknown) => {
      process.exitCode = fault instanceof MachineError ? 3 : 70;
    });
  }
}
