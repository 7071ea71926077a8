// `netloom export`: a spec and its weights as a model that other runtimes read.

import { InputError } from '../../runtime/errors.ts';
import { openWeights } from '../../runtime/weights.ts';
import { opset, toOnnx } from '../emit/onnx.ts';
import { printBytes } from '../emit/summary.ts';
import type { TypedGraph } from '../ir/graph.ts';
import { exitCode, Fault } from './fault.ts';
import { reasonOf } from './files.ts';
import { assignments, text, toggle } from './option.ts';
import { openNetwork } from './spec.ts';
import { defineVerb } from './verb.ts';
import { writeOnnx, type Written } from './write-onnx.ts';

export const exportVerb = defineVerb({
  name: 'export',
  about:
    `Writes a spec and its weights as an ONNX model (opset ${opset}), which ONNX Runtime and many others run. Nodes and\n` +
    'tensors are called as the layers are. Pictures are N,C,H,W there, as in all of ONNX, the input too: netloom itself\n' +
    'takes N,H,W,C. The batch N is chosen when the model runs. How an image file becomes the input is not part of what\n' +
    "the model computes; the spec's `preprocess` stands in its metadata, as JSON. A model of 2 GiB or more keeps its\n" +
    'weights in a file beside it.',
  operands: { name: 'onnx FILE', min: 2, max: 2 },
  options: {
    weights: text('FILE', '.safetensors, or synthetic:SEED for weights from a formula'),
    output: text('FILE', "where to write (default: the model's name and .onnx)", 'o'),
    'external-data': toggle('keep the weights of a smaller model in a file beside it too, FILE.data'),
    set: assignments('NAME=VALUE', 'gives a param of the spec another value'),
  },
  examples: [
    'netloom export onnx specs/alexnet.yaml --weights alexnet.safetensors -o alexnet.onnx',
    'netloom export onnx specs/vgg-16.yaml --weights synthetic:1 --external-data -o build/vgg.onnx',
  ],
  async run([format = '', path = ''], { weights, output, 'external-data': external, set }, terminal) {
    if (format !== 'onnx') throw new Fault('call', `netloom export writes onnx; not '${format}'`, 'netloom export onnx FILE');
    if (weights === undefined) throw new Fault('call', 'netloom export needs --weights FILE', '--weights synthetic:1 makes some from a formula');
    const graph = openNetwork(path, set, terminal);
    if (graph === undefined) return exitCode.input;
    const target = output ?? `${graph.document.name.value}.onnx`;
    const exported = toOnnx(graph);
    const source = await openWeights(weights, graph.nodes.flatMap(({ params }) => params));
    let written: readonly Written[];
    try {
      written = await writeOnnx(target, exported, source, external, (share) => {
        terminal.progress(`writing ${Math.floor(100 * share)} %`);
      });
    } catch (error) {
      throw error instanceof InputError ? error : new Fault('input', `${target} ${reasonOf(error)}`);
    } finally {
      terminal.progress('');
      await source.close();
    }
    const nodes = exported.model.graph?.node.length ?? 0;
    terminal.out(`${written.map(({ path, bytes }) => `${path} (${printBytes(bytes)})`).join(' and ')}: ${nodes} node${nodes === 1 ? '' : 's'}; ${signature(graph)}\n`);
    return exitCode.fine;
  },
});

/** `image [N,3,224,224] to prob [N,1000]`. */
function signature({ input, nodes, outputs }: TypedGraph): string {
  const tensor = (name: string): string => {
    const shape = nodes.find(({ id }) => id === name)?.shape ?? input.shape;
    return `${name} [${['N', ...(shape.length === 3 ? [shape[2], shape[0], shape[1]] : shape)].join(',')}]`;
  };
  return `${tensor(input.name)} to ${outputs.map(tensor).join(', ')}`;
}
