// The keys of a spec, all but the operators' own: what each takes, and what an editor says about it. The JSON Schema is
// made from this table, and so are the words in which a violation of it is told.

import type { Attr } from './attr.ts';
import { flag, int, number, oneOf } from './attr.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** One key of a map. */
export interface Key {
  /** Completes "expected …". */
  readonly expected: string;
  /** For the editor. */
  readonly description: string;
  /** JSON Schema of its value; of a map with keys of its own, only what else holds for it. */
  readonly schema: JsonSchema;
  readonly examples?: readonly unknown[];
  readonly required?: boolean;
  /** The keys of its value, where that is a map of fixed keys. */
  readonly keys?: Keys;
  /** What each value is, where its value is a map whose keys the author chooses. */
  readonly each?: Key;
}

export type Keys = Readonly<Record<string, Key>>;

/** An operator as far as its keys go. */
export interface Vocabulary {
  readonly name: string;
  readonly summary: string;
  readonly attrs: Readonly<Record<string, Pick<Attr<unknown>, 'expected' | 'description' | 'schema' | 'fallback'>>>;
}

/** What `activation` takes; each is an operator too, `none` excepted. */
export const activations = ['relu', 'relu6', 'leaky_relu', 'sigmoid', 'tanh', 'gelu', 'none'] as const;

/** A letter, then letters, digits, `_`, `-`; in layer names dots too. */
export const namePattern = String.raw`^\p{L}[\p{L}\p{M}\p{N}_-]*$`;
export const layerNamePattern = String.raw`^\p{L}[\p{L}\p{M}\p{N}_.-]*$`;
/** A dot stands between others here: the name becomes that of a folder. */
export const modelNamePattern = String.raw`^\p{L}[\p{L}\p{M}\p{N}_-]*(\.[\p{L}\p{M}\p{N}_-]+)*$`;

const optionally = (attr: Attr<unknown>, examples?: readonly unknown[]): Key => ({ ...attr, ...(examples ? { examples } : {}) });
const map = (expected: string, description: string, keys: Keys): Key => ({ expected, description, schema: {}, keys });

const anyNumber = number({}, 'A number or an expression.');
const sizeSchema: JsonSchema = { anyOf: [{ type: 'integer', minimum: 1 }, { type: 'string' }] };

const shape = (description: string, examples: readonly unknown[]): Key => ({
  expected: 'a shape such as 224x224x3, or 4096',
  description,
  schema: { anyOf: [...(sizeSchema['anyOf'] as readonly unknown[]), { type: 'array', items: sizeSchema, minItems: 1, maxItems: 3 }] },
  examples,
});

const layerNames = (description: string, examples: readonly unknown[]): Key => ({
  expected: 'the name of a layer, or a list of names',
  description,
  schema: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
  examples,
});

const filling = (description: string, examples: readonly unknown[]): Key => ({
  expected: 'a number, normal(mean, deviation), uniform(from, to), xavier or kaiming',
  description,
  schema: {
    anyOf: [
      ...(anyNumber.schema['anyOf'] as readonly unknown[]),
      { type: 'string', pattern: String.raw`^\s*((normal|uniform)\s*\([^(),]+,[^(),]+\)|xavier|kaiming)\s*$` },
    ],
  },
  examples,
});

const init = map('a map such as { weight: "normal(0, 0.01)", bias: 0 }', 'How weights are filled before training.', {
  weight: filling('What weights begin with.', ['normal(0, 0.01)']),
  bias: filling('What biases begin with.', [0, 1]),
});

const perChannel = (description: string, above: boolean, example: readonly unknown[], fallback: number): Key => ({
  expected: 'a list of numbers, one for each channel',
  description,
  schema: { type: 'array', items: number(above ? { above: 0 } : {}).schema, minItems: 1, maxItems: 4, default: [fallback, fallback, fallback] },
  examples: [example],
});

/** The keys that every layer may have; an operator's own come on top. */
export const layerKeys = {
  op: { expected: 'the name of an operator', description: 'What the layer computes.', schema: { type: 'string' }, required: true },
  from: layerNames('The layers it reads, or the input. Default: the layer above, the first layer reads the input.', ['conv1', ['left', 'right']]),
  activation: optionally(oneOf(activations, 'A function of each value, applied after the layer: `relu` as a layer of its own would do the same.', 'none')),
  expect: {
    ...shape('The shape it must have, checked. `?` stands for any size.', ['55x55x96', '?x?x96', [55, 55, '= 96 * width']]),
    expected: 'a shape such as 55x55x96, ?x?x96, or 4096',
  },
  init: { ...init, description: 'How the weights of this layer are filled before training; wins over `train: init`.' },
} satisfies Keys;

/** Where a layer stands that a variant adds. */
export const placementKeys = {
  after: {
    expected: 'the name of a layer',
    description: 'In a variant: the layer that this new one comes after. Those that only follow that layer read this one; those that name it still read it.',
    schema: { type: 'string' },
    examples: ['conv5'],
  },
  before: {
    expected: 'the name of a layer',
    description: 'In a variant: the layer that this new one comes before.',
    schema: { type: 'string' },
    examples: ['pool5'],
  },
} satisfies Keys;

/** The keys of a layer that is a block; the block’s params come on top. */
export const instanceKeys = {
  use: {
    expected: 'the name of a block',
    description: 'The block whose layers stand here, as `name.layer`. Its params stand beside.',
    schema: { type: 'string' },
    examples: ['fire'],
    required: true,
  },
  repeat: optionally(int({ min: 1 }, 'How many times, each fed by the one before: `name.1.layer`, `name.2.layer`, …'), [2]),
  from: { ...layerKeys.from, description: 'What the block’s `input` is: layers, or the input. Default: the layer above.' },
  expect: { ...layerKeys.expect, description: 'The shape that its last layer must have, checked.' },
  layers: {
    expected: 'a map of layers of the block and what is changed in them here',
    description: 'Changes to the block’s layers, here alone; `null` removes one, `after` or `before` places a new one.',
    schema: { type: 'object' },
    examples: [{ squeeze: { kernel: 3 } }],
  },
} satisfies Keys;

/** What an instance gives a param of its block. */
export const argument: Key = { ...anyNumber, expected: 'a number or an expression', description: 'What a param of the block is here.' };

const preprocess = map('a map such as { resize: 256, crop: center, mean: [123.68, 116.78, 103.94] }', 'How an image file becomes the input.', {
  resize: {
    expected: 'a number for the shorter side, or height x width',
    description: 'Bilinear, with antialiasing: one number is the shorter side, 256x256 sets both. Default: the input’s height and width.',
    schema: { anyOf: [{ type: 'integer', minimum: 1 }, { type: 'string' }] },
    examples: [256, '256x256'],
  },
  crop: optionally(oneOf(['center'], 'Cuts the input’s height and width out of the middle of the resized image.')),
  channels: optionally(oneOf(['RGB', 'BGR'], 'The order of the channels in the input.', 'RGB')),
  mean: perChannel('Subtracted from each channel of 0..255, in the order of `channels`.', false, [123.68, 116.78, 103.94], 0),
  std: perChannel('What each channel is then divided by, in the order of `channels`.', true, [58.4, 57.1, 57.4], 1),
  scale: optionally(number({}, 'What each value is then multiplied by.', 1), [0.017, '= 1 / 255']),
});

const train = map('a map such as { batch: 128, epochs: 90 }', 'Hyperparameters, as published. Carried along; netloom does not train.', {
  loss: optionally(oneOf(['cross_entropy', 'mse', 'bce'], 'What training makes small.')),
  optimizer: map('a map such as { name: sgd, lr: 0.01, momentum: 0.9 }', 'How weights are changed.', {
    name: { ...optionally(oneOf(['sgd', 'adam', 'adamw', 'rmsprop'], 'The method.')), required: true },
    lr: optionally(number({ above: 0 }, 'The learning rate at the start.'), [0.01]),
    momentum: optionally(number({ min: 0, below: 1 }, 'The share of the last step that is kept.'), [0.9]),
    weight_decay: optionally(number({ min: 0 }, 'How strongly weights are pulled to zero.'), [0.0005]),
    nesterov: optionally(flag('Whether the gradient is taken after the momentum step.', false)),
    beta1: optionally(number({ min: 0, below: 1 }, 'Decay of the first moment (adam, adamw).'), [0.9]),
    beta2: optionally(number({ min: 0, below: 1 }, 'Decay of the second moment (adam, adamw).'), [0.999]),
    epsilon: optionally(number({ above: 0 }, 'Keeps a division from zero (adam, adamw, rmsprop).'), [1e-8]),
  }),
  schedule: map('a map such as { name: step, factor: 0.1, every: 30 }', 'How the learning rate changes.', {
    name: { ...optionally(oneOf(['constant', 'step', 'plateau', 'exponential', 'cosine', 'linear', 'polynomial'], 'The rule by which it changes.')), required: true },
    factor: optionally(number({ above: 0 }, 'What the rate is multiplied by.'), [0.1]),
    every: optionally(int({ min: 1 }, 'Epochs between two changes (step).'), [30]),
    at: {
      expected: 'a list of epochs',
      description: 'Epochs at which the rate changes (step).',
      schema: { type: 'array', items: int({ min: 1 }).schema },
      examples: [[30, 60]],
    },
    patience: optionally(int({ min: 0 }, 'Epochs without gain before a change (plateau).'), [5]),
    warmup: optionally(number({ min: 0 }, 'Epochs in which the rate rises from zero.'), [5]),
    power: optionally(number({ above: 0 }, 'The exponent (polynomial).'), [1]),
    min_lr: optionally(number({ min: 0 }, 'The rate below which it does not fall.'), [1e-5]),
  }),
  batch: optionally(int({ min: 1 }, 'Images in one step.'), [128]),
  epochs: optionally(int({ min: 1 }, 'Times that all images are seen.'), [90]),
  iterations: optionally(int({ min: 1 }, 'Steps in all, where a publication gives these.'), ['450k']),
  init,
  augment: map('a map such as { random_crop: true, flip: true }', 'How training images are varied.', {
    random_crop: optionally(flag('Cut out of a random place.', false)),
    flip: optionally(flag('Mirrored left to right half of the time.', false)),
    pca_color: optionally(number({ min: 0 }, 'Deviation of the shift along the colours’ principal components.'), [0.1]),
    scale: {
      expected: 'two numbers, the smallest and the largest side',
      description: 'The range of the shorter side before cropping.',
      schema: { type: 'array', items: int({ min: 1 }).schema, minItems: 2, maxItems: 2 },
      examples: [[256, 480]],
    },
  }),
});

/** The keys of a spec. */
export const specKeys = {
  netloom: { expected: '1', description: 'The version of the language.', schema: { const: 1 }, examples: [1], required: true },
  name: {
    expected: 'a name: a letter, then letters, digits, `_`, `-`, and dots between them',
    description: 'The model’s name.',
    schema: { type: 'string', pattern: modelNamePattern },
    examples: ['alexnet', 'squeezenet-1.0'],
    required: true,
  },
  summary: {
    expected: 'one line of text',
    description: 'What the network is, and which published description it follows.',
    schema: { type: 'string' },
    examples: ['The two-tower AlexNet of Krizhevsky, Sutskever and Hinton (2012)'],
  },
  params: {
    expected: 'a map of names and numbers, such as { classes: 1000 }',
    description: 'Named values for expressions (`= 96 * width`), in any order; `--set classes=10` overrides one.',
    schema: { propertyNames: { pattern: namePattern } },
    examples: [{ classes: 1000, width: 1 }],
    each: { ...anyNumber, expected: 'a number or an expression', description: 'A number, or an expression over other params.' },
  },
  input: {
    expected: 'a map of one name and its shape, such as { image: 224x224x3 }',
    description: 'The name and shape of what the network reads: height x width x channels, or one number. The batch is chosen at run time.',
    schema: { minProperties: 1, maxProperties: 1, propertyNames: { pattern: namePattern } },
    examples: [{ image: '224x224x3' }],
    required: true,
    each: shape('Height x width x channels, or one number for a vector.', ['224x224x3']),
  },
  extends: {
    expected: 'the path of another spec',
    description: 'The spec this one is a variant of: what stands here changes it key by key, and `null` removes.',
    schema: { type: 'string', minLength: 1 },
    examples: ['alexnet.yaml'],
  },
  preprocess,
  labels: {
    expected: '`imagenet-1k`, or the name of a text file beside the spec',
    description: 'The names of the classes: `imagenet-1k`, or a text file beside the spec, one name a line.',
    schema: { type: 'string', minLength: 1 },
    examples: ['imagenet-1k', 'labels.txt'],
  },
  blocks: {
    expected: 'a map of blocks, each with its layers',
    description: 'Groups of layers that stand in several places: a layer `{ use: name }` puts one there.',
    schema: { propertyNames: { pattern: namePattern } },
    examples: [{ unit: { params: { filters: 64 }, layers: { conv: { op: 'conv', filters: '= filters', kernel: 3, pad: 'same' } } } }],
    each: map('a map with `layers`, and `params` where it has any', 'Layers that stand where the block is used. Inside, `input` is what arrives there.', {
      params: {
        expected: 'a map of names and numbers, such as { filters: 64 }; a name alone must be given where the block is used',
        description: 'Names for the block’s expressions, each with what it is where nothing else is given; one without a value must be given.',
        schema: { propertyNames: { pattern: namePattern } },
        examples: [{ squeeze: 16, expand: null }],
        each: {
          expected: 'a number, an expression, or nothing',
          description: 'What it is where nothing else is given.',
          schema: { anyOf: [...(anyNumber.schema['anyOf'] as readonly unknown[]), { type: 'null' }] },
        },
      },
      layers: {
        expected: 'a map of layers, such as { conv1: { op: conv, filters: 64, kernel: 3 } }',
        description: 'The layers of the block. They read each other, and `input`.',
        schema: { type: 'object', additionalProperties: { $ref: '#/$defs/layer' }, minProperties: 1, propertyNames: { pattern: layerNamePattern } },
        required: true,
      },
    }),
  },
  layers: {
    expected: 'a map of layers, such as { conv1: { op: conv, filters: 64, kernel: 3 } }',
    description: 'The layers by name, in the order of the data flow.',
    schema: { type: 'object', additionalProperties: { $ref: '#/$defs/layer' }, minProperties: 1, propertyNames: { pattern: layerNamePattern } },
    required: true,
  },
  outputs: layerNames('The layers whose values are the result. Default: the last layer.', [['prob']]),
  check: {
    expected: 'a list of conditions, such as [macs < 725M]',
    description:
      'What must hold of the whole: conditions over params, `parameters`, `macs`, `flops`, `weights` and `activations` (bytes), ' +
      '`shape(layer)` and `parameters(layer)`.',
    schema: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
    examples: [['macs < 725M', 'weights <= 256MiB', 'shape(pool5) == 6x6x256']],
  },
  train,
} satisfies Keys;

/** Words of other frameworks for a key or an operator of this language. */
export const synonyms: Readonly<Record<string, string>> = {
  padding: 'pad',
  pads: 'pad',
  kernel_size: 'kernel',
  kernel_shape: 'kernel',
  filter_size: 'kernel',
  strides: 'stride',
  dilations: 'dilation',
  out_channels: 'filters',
  num_output: 'filters',
  channels: 'filters',
  out_features: 'units',
  group: 'groups',
  use_bias: 'bias',
  local_size: 'size',
  eps: 'epsilon',
  p: 'rate',
  prob: 'rate',
  input: 'from',
  inputs: 'from',
  bottom: 'from',
  act: 'activation',
  type: 'op',
  ceil_mode: 'rounding',
  count_include_pad: 'count_padding',
  negative_slope: 'slope',
  shape: 'expect',
  output: 'outputs',
  parameters: 'params',
  version: 'netloom',
  linear: 'dense',
  fc: 'dense',
  fully_connected: 'dense',
  gemm: 'dense',
  inner_product: 'dense',
  convolution: 'conv',
  max_pooling: 'maxpool',
  average_pooling: 'avgpool',
  gap: 'global_avgpool',
  adaptive_avgpool: 'global_avgpool',
  bn: 'batchnorm',
  batch_normalization: 'batchnorm',
  local_response_norm: 'lrn',
  concatenate: 'concat',
  cat: 'concat',
  sum: 'add',
  residual: 'add',
};
