// Times cannot be promised, but their order and their sums can.

import { afterAll, describe, expect, test } from 'vitest';
import { findAdapter, openAdapter, openDevice, type Device } from '../../runtime/device.ts';
import { MachineError } from '../../runtime/errors.ts';
import { loadModel } from '../../runtime/model.ts';
import { PeakMeter } from '../../runtime/peak.ts';
import { openForProfile, profileModel, type Round } from '../../runtime/profile.ts';
import { expectedEdges, picture, plan, shaders, testAdapters, variant, weights } from './tiny.ts';

const text = (path: string) => shaders[path] ?? '';
const adapters = await testAdapters();
const stageSum = ({ stages }: Round) => Object.values(stages).reduce((a, b) => a + b, 0);

test('nothing is measured where nothing is computed', async () => {
  await expect(openForProfile(plan, { adapter: 'null', quiet: true })).rejects.toThrow(MachineError);
});

describe.skipIf(adapters.length === 0).each(adapters.length === 0 ? ['no adapter'] : adapters)('on %s', (adapter) => {
  const closing: { close(): void }[] = [];
  afterAll(() => {
    for (const thing of closing) thing.close();
  });
  const modelOn = async (device: Device) => {
    const model = await loadModel({ plan, shaders: text, weights, device });
    closing.push(model, device);
    return model;
  };

  test('each step has its time, and a run is made up of its stages', async () => {
    const model = await modelOn(await openForProfile(plan, { adapter, quiet: true }));
    const image = picture(3);
    const seen: string[] = [];
    const profile = await profileModel(model, image, { rounds: 4, onProgress: (done, total) => seen.push(`${done}/${total}`) });
    expect(seen).toEqual(['1/4', '2/4', '3/4', '4/4']);
    expect(profile).toMatchObject({ batch: 3, clock: 'exact' });
    expect(profile.steps.map(({ name }) => name)).toEqual(['doubled', 'edges']);
    const { run, upload, submit, encode, gpu, readback } = profile;
    if (gpu === undefined || readback === undefined) throw new Error('there is a clock, and no time of the GPU');
    for (const { median, min } of [...profile.steps, run, upload, submit, encode, gpu, readback]) {
      expect(min).toBeGreaterThanOrEqual(0);
      expect(median).toBeGreaterThanOrEqual(min);
    }
    expect(profile.steps[0]?.gap).toBe(0);
    expect(profile.rounds.plain).toHaveLength(4);
    expect(profile.rounds.stamped).toHaveLength(4);
    let last = 0;
    for (const round of [...profile.rounds.plain, ...profile.rounds.stamped].sort((a, b) => a.at - b.at)) {
      expect(round.at).toBeGreaterThanOrEqual(last);
      last = round.at + round.total;
      expect(round.total).toBeGreaterThan(0);
      expect(stageSum(round)).toBeLessThanOrEqual(round.total);
    }
    for (const { steps } of profile.rounds.plain) expect(steps).toEqual([]);
    for (const { steps: [first, second] } of profile.rounds.stamped) {
      expect(first?.begin).toBe(0);
      expect(first?.end).toBeGreaterThan(0);
      expect(second?.begin).toBeGreaterThanOrEqual(first?.end ?? NaN);
      expect(second?.end).toBeGreaterThan(second?.begin ?? NaN);
    }
    expect(profile.peak.flops).toBeGreaterThan(1e8);
    expect(profile.peak.bytes).toBeGreaterThan(1e7);
    // And the model is what it was.
    expect([...(await model.run({ image })).edges.data]).toEqual(expectedEdges(image));
  });

  test('a run that is watched gives the same results', async () => {
    const model = await modelOn(await openDevice({ adapter, quiet: true }));
    for (const images of [2, 5, 2]) {
      const image = picture(images, images);
      const stages: string[] = [];
      const { edges } = await model.run(image, { watch: { done: (stage) => stages.push(stage) } });
      expect([...edges.data]).toEqual(expectedEdges(image));
      expect(stages).toEqual(['upload', 'encode', 'submit', 'prepare', 'wait', 'results']);
    }
  });

  test('Dawn left to itself rounds times, and this is told', async () => {
    const model = await modelOn(await openDevice({ adapter, quiet: true }));
    const { clock, steps } = await profileModel(model, picture(1), { rounds: 1 });
    expect([clock, steps.length]).toEqual(['rounded', 2]);
  });

  test('without a clock there are whole runs', async () => {
    const found = await findAdapter({ adapter, quiet: true });
    const model = await modelOn(await openAdapter(found, { features: [], limits: {} }));
    const profile = await profileModel(model, picture(2), { rounds: 2 });
    expect(profile).toMatchObject({ batch: 2, clock: 'none', steps: [], rounds: { stamped: [] } });
    expect(profile.rounds.plain).toHaveLength(2);
    expect(profile.run.min).toBeGreaterThan(0);
    expect(profile.peak.flops).toBeGreaterThan(1e8);
    expect([profile.gpu, profile.readback]).toEqual([undefined, undefined]);
  });

  test('a batch that needs parts is refused with its numbers', async () => {
    const small = { ...variant, needs: { ...variant.needs, maxStorageBufferBindingSize: 1024 } };
    const device = await openForProfile(plan, { adapter, quiet: true });
    const model = await loadModel({ plan: { ...plan, variants: [small] }, shaders: text, weights, device });
    closing.push(model, device);
    await expect(profileModel(model, picture(5), { rounds: 1 })).rejects.toThrow(/5 images are run in parts of 3 .*: give 3 at most/);
  });

  test('the peak only grows, and its shaders are right', async () => {
    const device = await openForProfile(plan, { adapter, quiet: true });
    closing.push(device);
    device.gpu.pushErrorScope('validation');
    const meter = await PeakMeter.open(device);
    expect(meter.best).toEqual({ flops: 0, bytes: 0 });
    await meter.measure();
    const { flops, bytes } = meter.best;
    await meter.measure();
    expect(meter.best.flops).toBeGreaterThanOrEqual(flops);
    expect(meter.best.bytes).toBeGreaterThanOrEqual(bytes);
    expect(await device.gpu.popErrorScope()).toBeFalsy();
    meter.close();
  });
});
